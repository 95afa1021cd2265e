/** `tassel cert verify`: whether a chain is to be believed, and if not, which rule it breaks. */
import { rootCertificates } from 'node:tls'
import { createNodeProvider } from '../../crypto/node.ts'
import {
  type ChainOptions,
  describeSubject,
  nameToText,
  parseCertificate,
  referenceName,
  type VerifiedChain,
  verifyChain,
} from '../../x509/index.ts'
import type { Io } from '../io.ts'
import { printable, printableJson } from '../report.ts'
import { profileOption, revocationOption, trustFlags, trustHelp } from '../trust.ts'
import { type ExitCode, exitCodes, orUsageError, parseArguments, UsageError, type Values } from '../usage.ts'
import { readKind } from './files.ts'
import { type Facts, factLines } from './report.ts'

export const verifyHelp = `tassel cert verify FILE [options]

Tells whether the first certificate in FILE, PEM or DER, is to be believed. The others in it may stand between it and a root, in any order.

  --ca FILE             believe what the certificates in this file vouch for (default: the roots that Node.js ships)
  --untrusted FILE      more certificates that may stand between; repeatable
  --name NAME           the DNS name or the IP address that it has to be for
  --purpose PURPOSE     server (default), client, any, or the dotted identifier of an extended key usage
  --time TIME           at this time, such as 2026-01-31 or 2026-01-31T12:00:00Z (default: now)
${trustHelp}
  --ocsp FILE           an OCSP response, DER; repeatable, the first one as if it were stapled; as to --revocation, like --crl
  --policy OID          only under this certificate policy; repeatable
  --leaf-only           ask for the revocation of the first certificate alone, not of those above it
  --json                the verdict as one JSON object
  -h, --help

Exit status: 0 believed; 1 not believed, and standard error names the rule; 2 wrong usage.
`

const options = {
  ...trustFlags,
  json: { type: 'boolean' },
  'leaf-only': { type: 'boolean' },
  name: { type: 'string' },
  ocsp: { type: 'string', multiple: true },
  policy: { type: 'string', multiple: true },
  purpose: { type: 'string' },
  time: { type: 'string' },
  untrusted: { type: 'string', multiple: true },
} as const

type VerifyValues = Values<typeof options>

/** Runs the verb; resolves with the exit status. Throws `CertificateError` where the chain is not to be believed. */
export async function verify(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parseArguments(args, options)
  const [file, more] = positionals
  if (file === undefined) throw new UsageError('the FILE with the certificate is missing')
  if (more !== undefined) throw new UsageError(`"${more}" is too much: one FILE, others by --untrusted`)
  const chain = readKind(undefined, file, 'certificate')
  const verified = orUsageError(() => verifyChain(chain, chainOptions(values)))
  const facts = verdictFacts(verified)
  if (values.json) io.stdout.write(`${printableJson({ event: 'verified', ...facts })}\n`)
  else io.stdout.write([`${file}: believed`, ...factLines(facts), ''].map(printable).join('\n'))
  return exitCodes.ok
}

function chainOptions(values: VerifyValues): ChainOptions {
  const { ca, name, policy, purpose = 'server', untrusted = [] } = values
  if (name !== undefined) orUsageError(() => referenceName(name), '--name: ')
  return {
    crypto: createNodeProvider(),
    anchors: ca === undefined ? rootCertificates : readKind('ca', ca, 'certificate'),
    intermediates: untrusted.flatMap(file => readKind('untrusted', file, 'certificate')),
    now: timeOf(values.time),
    purpose,
    ...profileOption(values),
    ...(name !== undefined && { name }),
    ...revocationOptions(values),
    ...(policy && { policies: { initial: policy, requireExplicit: true } }),
  }
}

function revocationOptions(values: VerifyValues): Pick<ChainOptions, 'revocation' | 'ocsp'> {
  const ocsp = (values.ocsp ?? []).flatMap(file => readKind('ocsp', file, 'OCSP response'))
  const scope = values['leaf-only'] ? 'leaf' : 'chain'
  const [stapled] = ocsp
  return { revocation: { ...revocationOption(values, ocsp), scope }, ...(stapled && { ocsp: stapled }) }
}

function timeOf(text: string | undefined): number {
  const time = text === undefined ? Date.now() : Date.parse(text)
  if (Number.isNaN(time)) throw new UsageError(`--time ${JSON.stringify(text)}: expected such as 2026-01-31T12:00:00Z`)
  return time
}

function verdictFacts({ path, anchor, policies, revocation }: VerifiedChain): Facts {
  return {
    path: path.map(describeSubject),
    root: anchor.certificate ? describeSubject(parseCertificate(anchor.certificate)) : nameToText(anchor.subject),
    policies: policies.size === 0 ? 'none' : [...policies].map(policy => (policy === '2.5.29.32.0' ? 'any' : policy)),
    ...(revocation.length > 0 && { revocation: revocation.map(statusText) }),
  }
}

function statusText({ status, source }: VerifiedChain['revocation'][number]): string {
  return source === undefined ? status : `${status} by ${source === 'crl' ? 'CRL' : 'OCSP'}`
}
