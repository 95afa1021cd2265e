/** Certificates and signatures (RFC 9846 §4.5), the same for both roles, within the handshake and after it. */
import type { CodePoint, SignatureVerifier } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import type { CertificateType, Identity, VerifiedPeer } from '../types.ts'
import { concat, fromText } from '../wire/bytes.ts'
import { type CertificateTerms, type PeerCredentials, sayCertificate } from './certificate-message.ts'
import { ask, type Dialogue } from './dialogue.ts'
import { type Exchange, hear, say } from './exchange.ts'
import type { PskCandidate } from './psk.ts'

export type Role = 'client' | 'server'

/**
 * Proof of who the peer is: its chain was judged and it holds the key, or it shares a PSK. Only `authenticatePeer` and `provenByPsk` make
 * one.
 */
export type PeerVerified = Proof

class Proof {
  readonly #peer: VerifiedPeer | undefined
  readonly scheme: CodePoint | undefined

  constructor(peer?: VerifiedPeer, scheme?: CodePoint) {
    this.#peer = peer
    this.scheme = scheme
  }

  get peer(): VerifiedPeer | undefined {
    return this.#peer
  }
}

/** Both Finished are made under the PSK: whoever completes the handshake knows it (RFC 9846 §2.2). */
export function provenByPsk(_selected: PskCandidate): PeerVerified {
  return new Proof()
}

/**
 * The verdict on credentials that are not empty, then the peer's CertificateVerify under their key. The Certificate message must be in the
 * transcript already.
 */
export function* authenticatePeer(
  exchange: Exchange,
  role: Role,
  credentials: PeerCredentials,
  { verifiers, serverName }: { readonly verifiers: readonly SignatureVerifier[]; readonly serverName?: string },
): Dialogue<PeerVerified> {
  const peer = yield* ask('peer-certificate', { ...credentials, serverName })
  const content = signedContent(role, exchange.transcript.digest())
  const { algorithm, signature } = (yield* hear(exchange, 'certificate_verify')).body
  const verifier = verifiers.find(each => each.scheme === algorithm)
  if (!verifier)
    throw new TlsError('signature-scheme-not-offered', `CertificateVerify uses scheme ${hex(algorithm)}, which was not offered`)
  if (!verifier.verify(peer.spki, content, signature)) {
    throw new TlsError('bad-signature', `the signature of CertificateVerify (scheme ${hex(algorithm)}) does not fit the certificate's key`)
  }
  return new Proof(peer, algorithm)
}

/** Certificate and CertificateVerify of this side. */
export function* proveIdentity(exchange: Exchange, role: Role, { identity, scheme }: Signer, terms: CertificateTerms): Dialogue<void> {
  sayCertificate(exchange, identity, terms)
  const content = signedContent(role, exchange.transcript.digest())
  const signature = yield* sign(exchange, identity, scheme, content)
  say(exchange, 'certificate_verify', { algorithm: scheme, signature })
}

export interface Signer {
  readonly identity: Identity
  readonly scheme: CodePoint
}

/** The identity with the scheme to sign with: the first of the key's that both sides accept. */
export function signerOf(
  exchange: Exchange,
  identity: Identity,
  accepted: readonly CodePoint[],
  type: CertificateType,
): Signer | undefined {
  if ((identity.type ?? 'X509') !== type) return undefined
  const own = new Set(exchange.settings.verifiers.map(each => each.scheme))
  const scheme = identity.key.schemes.find(each => own.has(each) && accepted.includes(each))
  return scheme === undefined ? undefined : { identity, scheme }
}

function* sign(exchange: Exchange, identity: Identity, scheme: CodePoint, message: Uint8Array): Dialogue<Uint8Array> {
  const { key } = identity
  if (key.sign) {
    try {
      return key.sign(scheme, message)
    } catch (cause) {
      throw new TlsError('local-signature', 'the private key failed to sign', { cause })
    }
  }
  const signature = yield* ask('sign', { scheme, message, identity })
  const verifier = exchange.settings.verifiers.find(each => each.scheme === scheme)
  // A signer elsewhere may hold another key or be faulty: its signature is checked before it leaves.
  if (key.spki && !verifier?.verify(key.spki, message, signature)) {
    throw new TlsError('local-signature', 'the signature that was answered does not fit the key of the identity')
  }
  return signature
}

/** What a CertificateVerify signs (RFC 9846 §4.5.2). */
function signedContent(role: Role, transcriptHash: Uint8Array): Uint8Array {
  return concat(signedBeforeHash[role], transcriptHash)
}

const signedBeforeHash: Readonly<Record<Role, Uint8Array>> = {
  client: fromText(`${' '.repeat(64)}TLS 1.3, client CertificateVerify\0`),
  server: fromText(`${' '.repeat(64)}TLS 1.3, server CertificateVerify\0`),
}

function hex(codePoint: CodePoint): string {
  return `0x${codePoint.toString(16).padStart(4, '0')}`
}
