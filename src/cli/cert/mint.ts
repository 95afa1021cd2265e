/** `tassel cert mint`: certificates and what belongs to them, for trying things out. */
import type * as Testing from '../../testing/index.ts'
import type { Authority, KeyOrder, Minted, MintedCertificate } from '../../testing/index.ts'
import { describeSubject, encodePem, parseCertificate, sameName } from '../../x509/index.ts'
import { readText } from '../files.ts'
import type { Io } from '../io.ts'
import { printable, printableJson } from '../report.ts'
import { type ExitCode, exitCodes, parseArguments, UsageError } from '../usage.ts'
import { readKind } from './files.ts'
import {
  certificateOptions,
  crlOptions,
  inputFiles,
  type MintKind,
  type MintValues,
  mintKind,
  mintOptions,
  ocspOptions,
  outputFiles,
} from './mint-options.ts'
import { checkDistinct, writeOutputs } from './outputs.ts'

/** Runs the verb; resolves with the exit status. `UsageError` before anything is written. */
export async function mint(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, mintOptions)
  if (positionals.length > 0) throw new UsageError(`"${positionals[0]}" is too much: cert mint takes options only`)
  const kind = mintKind(values)
  checkDistinct(outputFiles(values), inputFiles(values))
  // Loaded where it is wanted: minting needs a library that nothing else of the command does.
  const testing = await import('../../testing/index.ts')
  try {
    const made = await makers[kind](values, testing)
    deliver(made, values.force ?? false, io)
    for (const one of made) report(one, values.json ?? false, io)
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error
  }
  return exitCodes.ok
}

/** What goes into a file; `null`: to standard output. */
interface Made {
  readonly file: string | null
  /** That names the file. */
  readonly option: string
  readonly what: 'certificate' | 'private key' | 'revocation list' | 'OCSP response'
  readonly bytes: Uint8Array
  readonly certificate?: MintedCertificate
}

type Maker = (values: MintValues, testing: typeof Testing) => Promise<Made[]>

const makers: Readonly<Record<MintKind, Maker>> = {
  async ca(values, testing) {
    const made = await testing.mintAuthority({ ...certificateOptions(values), key: keyType(values) })
    const [certificate, key] = outputFiles(values)
    return [
      { file: certificate?.file ?? null, ...certificateOf(made), option: 'ca' },
      { file: key?.file ?? null, ...keyOf(made), option: 'ca' },
    ]
  },
  async leaf(values, testing) {
    return withKey(await (await issuerOf(values, testing)).issue({ ...certificateOptions(values), key: keyType(values) }), values)
  },
  async intermediate(values, testing) {
    return withKey(await (await issuerOf(values, testing)).issueAuthority({ ...certificateOptions(values), key: keyType(values) }), values)
  },
  async csr(values, testing) {
    const issuer = await issuerOf(values, testing)
    const [request = new Uint8Array()] = readKind('csr', values.csr ?? '', 'request')
    return [issued(await issuer.issueFromRequest(request, { ...certificateOptions(values), ca: values.intermediate ?? false }), values)]
  },
  async crl(values, testing) {
    const { crlPem } = await (await issuerOf(values, testing)).crl(crlOptions(values))
    return [{ file: values.out ?? null, option: 'out', what: 'revocation list', bytes: utf8(crlPem) }]
  },
  async ocsp(values, testing) {
    const bytes = await (await issuerOf(values, testing)).ocsp(ocspOptions(values))
    return [{ file: values.out ?? null, option: 'out', what: 'OCSP response', bytes }]
  },
}

async function issuerOf(values: MintValues, { loadAuthority }: typeof Testing): Promise<Authority> {
  const { issuer = '', 'issuer-key': keyFile = '' } = values
  const [certificate = new Uint8Array()] = readKind('issuer', issuer, 'certificate')
  try {
    return await loadAuthority({ certificate, key: readText('issuer-key', keyFile) })
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(`--issuer ${issuer} --issuer-key ${keyFile}: ${error.message}`) : error
  }
}

function withKey(made: Minted, values: MintValues): Made[] {
  return [issued(made, values), { file: values['key-out'] ?? null, option: 'key-out', ...keyOf(made) }]
}

function issued(made: MintedCertificate, values: MintValues): Made {
  const chain = values.chain ? issuingChain(values.issuer ?? '') : []
  return { file: values.out ?? null, option: 'out', ...certificateOf(made, chain) }
}

function certificateOf(made: MintedCertificate, chain: readonly string[] = []): Pick<Made, 'what' | 'bytes' | 'certificate'> {
  return { what: 'certificate', bytes: utf8([made.certificatePem, ...chain].join('')), certificate: made }
}

function keyOf({ privateKeyPem }: Minted): Pick<Made, 'what' | 'bytes'> {
  return { what: 'private key', bytes: utf8(privateKeyPem) }
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

/** Keys first: a certificate without one is of no use. */
function deliver(made: readonly Made[], force: boolean, io: Io): void {
  const outputs = made.flatMap(({ file, option, bytes, what }) =>
    // An authority's certificate belongs to what it has issued.
    file === null ? [] : [{ file, option, bytes, secret: what === 'private key', precious: what === 'private key' || option === 'ca' }],
  )
  writeOutputs([...outputs.filter(({ secret }) => secret), ...outputs.filter(({ secret }) => !secret)], force)
  for (const { file, bytes } of made) if (file === null) io.stdout.write(bytes)
}

function keyType({ 'key-type': wanted = 'P-256' }: MintValues): KeyOrder {
  const found = keyTypes.find(type => type.toLowerCase() === wanted.toLowerCase())
  if (found === undefined) throw new UsageError(`--key-type: "${wanted}" is unknown; known: ${keyTypes.join(', ')}`)
  return found
}

const keyTypes: readonly KeyOrder[] = ['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048', 'RSA-3072', 'RSA-4096', 'RSA-PSS-2048']

function report({ file, what, certificate }: Made, json: boolean, io: Io): void {
  const details = certificate && describe(certificate)
  if (json) io.stderr.write(`${printableJson({ event: 'minted', file, what, ...details })}\n`)
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
