/** What is judged once a path has been found and its signatures verified: policies, pins, revocation, transparency. */
import type { CryptoProvider, SignatureVerifier } from '../../crypto/provider.ts'
import { equal, toHex } from '../../wire/bytes.ts'
import { type CtOptions, type CtResult, evaluateCt } from '../ct/evaluate.ts'
import { CertificateError } from '../error.ts'
import { checkRevocation, type RevocationContext, type RevocationEvidence, type RevocationStatus } from '../revocation/revocation.ts'
import { sha256 } from '../sha256.ts'
import { broken, type Link } from './link.ts'
import type { Moment } from './moment.ts'
import type { FoundPath } from './path.ts'
import { type PolicyInputs, processPolicies } from './policies.ts'

export interface JudgeOptions {
  readonly crypto: CryptoProvider
  /** Default: any policy. */
  readonly policies?: PolicyInputs
  /** SHA-256 hashes of SubjectPublicKeyInfos: one of the path's keys, the anchor's among them, has to be among these. Default: none is asked for. */
  readonly pins?: readonly Uint8Array[]
  /** Whether the end entity has to be known to the logs of Certificate Transparency. Default: not looked at. */
  readonly transparency?: CtOptions
}

/** What came with the chain, and what is at hand besides. */
export interface Evidence {
  readonly moment: Moment
  /** By which SCTs are verified. */
  readonly schemes: readonly SignatureVerifier[]
  /** The OCSP response stapled for the end entity, DER. */
  readonly ocsp: Uint8Array | undefined
  /** Serialised SCTs from the TLS extension. */
  readonly scts: readonly Uint8Array[] | undefined
  /** `undefined` where revocation is not judged. */
  readonly revocation: RevocationEvidence | undefined
  /** What revocation has to know of other certificates, below this anchor. */
  readonly surroundings: (found: FoundPath) => Pick<RevocationContext, 'signedBy' | 'signers' | 'trustedPath'>
}

export interface Findings {
  /** The user-constrained policy set (RFC 5280 §6.1.6), dotted; `2.5.29.32.0` in it: any. */
  readonly policies: ReadonlySet<string>
  /** What is known of the certificates' revocation, the end entity first; empty where it was not asked for. */
  readonly revocation: readonly RevocationStatus[]
  /** `undefined` where it was not asked for. */
  readonly transparency: CtResult | undefined
}

/** Throws the `CertificateError` of the first rule that is broken. */
export function judgePath(found: FoundPath, options: JudgeOptions, evidence: Evidence): Findings {
  const policies = validPolicies(found, options.policies ?? {})
  if (options.pins) checkPins(found, options.pins, options.crypto)
  const revocation = revocationOf(found, options.crypto, evidence)
  const transparency = options.transparency && transparencyOf(found, options.transparency, options.crypto, evidence, revocation[0]?.sctList)
  return { policies, revocation, transparency }
}

/** What an anchor's certificate says of policies counts (RFC 5937), where its extensions count. */
function validPolicies({ path, anchor }: FoundPath, inputs: PolicyInputs): ReadonlySet<string> {
  const [leaf] = path
  // An end entity that is the anchor speaks once.
  const own = anchor.judged.constraints
  const constraints = own && !equal(own.raw, leaf.certificate.raw) ? own : undefined
  const result = processPolicies(path.map(({ certificate }) => certificate).reverse(), inputs, constraints)
  if ('policies' in result) return result.policies
  const links: readonly Link[] = constraints ? [...path, { certificate: constraints, label: 'root' }] : path
  const depth = links.findIndex(({ certificate }) => certificate === result.certificate)
  throw broken(links[depth] ?? path[0], depth, 'certificate-policy', result.problem, result.rule)
}

function checkPins({ path, anchor }: FoundPath, pins: readonly Uint8Array[], crypto: CryptoProvider): void {
  const wanted = new Set(pins.map(toHex))
  const keys = [...path.map(({ certificate }) => certificate.publicKey), anchor.publicKey]
  if (keys.some(({ raw }) => wanted.has(toHex(sha256(crypto, raw))))) return
  throw new CertificateError('certificate-pin', 'none of the keys of the path is pinned')
}

function revocationOf(found: FoundPath, crypto: CryptoProvider, { moment, ocsp, revocation, surroundings }: Evidence) {
  if (!revocation) return []
  const path = found.path.map(({ certificate }) => certificate)
  return checkRevocation(revocation, { path, anchor: found.anchor, now: moment.now, stapled: ocsp, crypto, ...surroundings(found) })
}

function transparencyOf(
  found: FoundPath,
  options: CtOptions,
  { cipherSuites }: CryptoProvider,
  { moment, schemes, scts }: Evidence,
  ocsp: Uint8Array | undefined,
): CtResult {
  const [{ certificate }, above] = found.path
  const issuer = above?.certificate ?? found.anchor
  const crypto = { cipherSuites, verifiers: schemes }
  return evaluateCt({ certificate, issuerKey: issuer.publicKey.raw, tls: scts, ocsp, now: moment.now, crypto }, options)
}
