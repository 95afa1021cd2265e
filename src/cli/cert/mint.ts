/** `tassel cert mint`: certificates and what belongs to them, for trying things out. */
import type * as Testing from '../../testing/index.ts'
import type { Authority, KeyOrder, Minted, MintedCertificate } from '../../testing/index.ts'
import { describeSubject, encodePem, parseCertificate, sameName } from '../../x509/index.ts'
import { readBytes, readText, secretFile, writeBytes, writeText } from '../files.ts'
import type { Io } from '../io.ts'
import { printable } from '../report.ts'
import { type ExitCode, exitCodes, parseArguments, UsageError } from '../usage.ts'
import { readKind } from './files.ts'
import { certificateOptions, crlOptions, type MintKind, type MintValues, mintKind, mintOptions, ocspOptions } from './mint-options.ts'

/** Runs the verb; resolves with the exit status. `UsageError` before anything is written. */
export async function mint(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, mintOptions)
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is too much: cert mint takes options only`)
  const kind = mintKind(values)
  // Loaded where it is wanted: minting needs a library that nothing else of the command does.
  const testing = await import('../../testing/index.ts')
  try {
    for (const written of await makers[kind](values, testing, io)) report(written, values.json ?? false, io)
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error
  }
  return exitCodes.ok
}

/** A file that was written; `null`: standard output. */
interface Written {
  readonly file: string | null
  readonly what: 'certificate' | 'private key' | 'revocation list' | 'OCSP response'
  readonly certificate?: MintedCertificate
}

type Maker = (values: MintValues, testing: typeof Testing, io: Io) => Promise<Written[]>

const makers: Readonly<Record<MintKind, Maker>> = {
  async ca(values, testing) {
    const { ca: prefix = '' } = values
    const made = await testing.mintAuthority({ ...certificateOptions(values), key: keyType(values) })
    const [file, keyFile] = [`${prefix}.pem`, `${prefix}.key`]
    secretFile('ca', keyFile)(utf8(made.privateKeyPem))
    writeText('ca', file, made.certificatePem)
    return [
      { file, what: 'certificate', certificate: made },
      { file: keyFile, what: 'private key' },
    ]
  },
  async leaf(values, testing, io) {
    return writeMinted(await (await issuerOf(values, testing)).issue({ ...certificateOptions(values), key: keyType(values) }), values, io)
  },
  async intermediate(values, testing, io) {
    const options = { ...certificateOptions(values), key: keyType(values) }
    return writeMinted(await (await issuerOf(values, testing)).issueAuthority(options), values, io)
  },
  async csr(values, testing, io) {
    const issuer = await issuerOf(values, testing)
    const file = readBytes('csr', values.csr ?? '')
    const request = file[0] === derSequence ? file : new TextDecoder().decode(file)
    const made = await issuer.issueFromRequest(request, { ...certificateOptions(values), ca: values.intermediate ?? false })
    return [writeCertificate(made, values, io)]
  },
  async crl(values, testing, io) {
    const issuer = await issuerOf(values, testing)
    return [{ file: write((await issuer.crl(crlOptions(values))).crlPem, values, io), what: 'revocation list' }]
  },
  async ocsp(values, testing) {
    const { out = '' } = values
    writeBytes('out', out, await (await issuerOf(values, testing)).ocsp(ocspOptions(values)))
    return [{ file: out, what: 'OCSP response' }]
  },
}

const derSequence = 0x30

async function issuerOf(values: MintValues, { loadAuthority }: typeof Testing): Promise<Authority> {
  const { issuer = '', 'issuer-key': keyFile = '' } = values
  const [certificate = new Uint8Array()] = readKind('issuer', issuer, 'certificate')
  try {
    return await loadAuthority({ certificate, key: readText('issuer-key', keyFile) })
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(`--issuer ${issuer} --issuer-key ${keyFile}: ${error.message}`) : error
  }
}

/** The key first: a certificate without one is of no use. */
function writeMinted(made: Minted, values: MintValues, io: Io): Written[] {
  const { 'key-out': keyFile = '' } = values
  secretFile('key-out', keyFile)(utf8(made.privateKeyPem))
  return [writeCertificate(made, values, io), { file: keyFile, what: 'private key' }]
}

function writeCertificate(made: MintedCertificate, values: MintValues, io: Io): Written {
  const chain = values.chain ? issuingChain(values.issuer ?? '') : []
  const text = [made.certificatePem, ...chain].join('')
  return { file: write(text, values, io), what: 'certificate', certificate: made }
}

/** The issuer's file, without roots: whoever believes in one has it. */
function issuingChain(file: string): string[] {
  const sent = readKind('issuer', file, 'certificate').filter(der => !isSelfIssued(der))
  return sent.map(der => encodePem('CERTIFICATE', der))
}

function isSelfIssued(der: Uint8Array): boolean {
  const { issuer, subject } = parseCertificate(der)
  return sameName(issuer, subject)
}

/** To `--out`, or standard output. */
function write(text: string, { out }: MintValues, io: Io): string | null {
  if (out === undefined) io.stdout.write(text)
  else writeText('out', out, text)
  return out ?? null
}

function keyType({ 'key-type': wanted = 'P-256' }: MintValues): KeyOrder {
  const found = keyTypes.find(type => type.toLowerCase() === wanted.toLowerCase())
  if (found === undefined) throw new UsageError(`--key-type: "${wanted}" is unknown; known: ${keyTypes.join(', ')}`)
  return found
}

const keyTypes: readonly KeyOrder[] = ['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048', 'RSA-3072', 'RSA-4096', 'RSA-PSS-2048']

function report({ file, what, certificate }: Written, json: boolean, io: Io): void {
  const details = certificate && describe(certificate)
  if (json) io.stderr.write(`${JSON.stringify({ event: 'minted', file, what, ...details })}\n`)
  else {
    const about = details ? `: ${details.subject}, serial ${details.serial}, until ${details.notAfter}` : ''
    io.stderr.write(`${file ?? 'standard output'}: ${what}${printable(about)}\n`)
  }
}

function describe({ certificateDer }: MintedCertificate): { subject: string; serial: string; notAfter: string } {
  const certificate = parseCertificate(certificateDer)
  return {
    subject: describeSubject(certificate),
    serial: `0x${certificate.serial.toString(16)}`,
    notAfter: new Date(certificate.notAfter).toISOString(),
  }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
