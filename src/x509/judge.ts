/** What is judged once a path has been found and its signatures verified: policies, pins, revocation, transparency. */
import type { CryptoProvider } from '../crypto/provider.ts'
import { toHex } from '../wire/bytes.ts'
import { type CtOptions, type CtResult, evaluateCt } from './ct/evaluate.ts'
import { CertificateError } from './error.ts'
import { broken, type Link } from './link.ts'
import type { FoundPath } from './path.ts'
import { type PolicyInputs, processPolicies } from './policies.ts'
import { sha256 } from './sha256.ts'

export interface JudgeOptions {
  readonly crypto: CryptoProvider
  /** Default: any policy. */
  readonly policies?: PolicyInputs
  /** SHA-256 hashes of SubjectPublicKeyInfos: one of the path's keys, the anchor's among them, has to be among these. Default: none is asked for. */
  readonly pins?: readonly Uint8Array[]
  /** Whether the end entity has to be known to the logs of Certificate Transparency. Default: not looked at. */
  readonly transparency?: CtOptions
}

/** What came with the chain. */
export interface Evidence {
  /** Milliseconds since 1970. */
  readonly now: number
  /** The OCSP response stapled for the end entity, DER. */
  readonly ocsp?: Uint8Array | undefined
  /** Serialised SCTs from the TLS extension. */
  readonly scts?: readonly Uint8Array[] | undefined
}

export interface Findings {
  /** The user-constrained policy set (RFC 5280 §6.1.6), dotted; `2.5.29.32.0` in it: any. */
  readonly policies: ReadonlySet<string>
  /** `undefined` where it was not asked for. */
  readonly transparency: CtResult | undefined
}

/** Throws the `CertificateError` of the first rule that is broken. */
export function judgePath(found: FoundPath, options: JudgeOptions, evidence: Evidence): Findings {
  const policies = validPolicies(found, options.policies ?? {})
  if (options.pins) checkPins(found, options.pins, options.crypto)
  return { policies, transparency: options.transparency && transparencyOf(found, options.transparency, options.crypto, evidence) }
}

/** An anchor's own policies count as those of a certificate (RFC 5937), where its extensions count. */
function validPolicies({ path, anchor }: FoundPath, inputs: PolicyInputs): ReadonlySet<string> {
  const { constraints } = anchor.judged
  const above: Link[] = constraints?.extensions.certificatePolicies ? [{ certificate: constraints, label: 'root' }] : []
  const links = [...path, ...above]
  const result = processPolicies(links.map(({ certificate }) => certificate).reverse(), inputs)
  if ('policies' in result) return result.policies
  const depth = links.findIndex(({ certificate }) => certificate === result.certificate)
  throw broken(links[depth] ?? path[0], depth, 'certificate-policy', result.problem, result.rule)
}

function checkPins({ path, anchor }: FoundPath, pins: readonly Uint8Array[], crypto: CryptoProvider): void {
  const wanted = new Set(pins.map(toHex))
  const keys = [...path.map(({ certificate }) => certificate.publicKey), anchor.publicKey]
  if (keys.some(({ raw }) => wanted.has(toHex(sha256(crypto, raw))))) return
  throw new CertificateError('certificate-pin', 'none of the keys of the path is pinned', { depth: undefined })
}

function transparencyOf(found: FoundPath, options: CtOptions, crypto: CryptoProvider, { now, scts }: Evidence): CtResult {
  const [{ certificate }] = found.path
  return evaluateCt({ certificate, issuerKey: issuerKeyOf(found), tls: scts, now, crypto }, options)
}

function issuerKeyOf({ path, anchor }: FoundPath): Uint8Array {
  return (path[1]?.certificate ?? anchor).publicKey.raw
}
