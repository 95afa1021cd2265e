/** Certificates and signatures (RFC 9846 §4.5), the same for both roles. */
import type { CodePoint } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import type { Identity, VerifiedPeer } from '../types.ts'
import { concat, fromText } from '../wire/bytes.ts'
import type { Message } from '../wire/messages.ts'
import { ask, type Dialogue } from './dialogue.ts'
import { type Exchange, hear, say } from './exchange.ts'
import { refuseUnsolicited } from './extensions.ts'
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

/** The chain of a Certificate message, the end entity first; empty where the peer has none to offer. */
export function readChain(exchange: Exchange, { body }: Message<'certificate'>, requested: ReadonlySet<number>): readonly Uint8Array[] {
  if (body.certificate_request_context.length > 0) {
    throw new TlsError('illegal-value', 'certificate_request_context is not the one of the request')
  }
  const { certificate_list: list } = body
  const { maxCertificates } = exchange.settings
  if (list.length > maxCertificates)
    throw new TlsError('too-many-certificates', `${list.length} certificates, at most ${maxCertificates} are read`)
  for (const entry of list) refuseUnsolicited('certificate', entry.extensions, requested)
  return list.map(entry => entry.cert_data)
}

/**
 * The verdict on a chain that is not empty, then the peer's CertificateVerify under the chain's key. The Certificate message must be in
 * the transcript already.
 */
export function* authenticatePeer(
  exchange: Exchange,
  role: Role,
  chain: readonly Uint8Array[],
  serverName: string | undefined,
): Dialogue<PeerVerified> {
  const peer = yield* ask('peer-certificate', { chain, serverName })
  const content = signedContent(role, exchange.transcript.digest())
  const { algorithm, signature } = (yield* hear(exchange, 'certificate_verify')).body
  const verifier = exchange.settings.verifiers.find(each => each.scheme === algorithm)
  if (!verifier)
    throw new TlsError('signature-scheme-not-offered', `CertificateVerify uses scheme ${hex(algorithm)}, which was not offered`)
  if (!verifier.verify(peer.spki, content, signature)) {
    throw new TlsError('bad-signature', `the signature of CertificateVerify (scheme ${hex(algorithm)}) does not fit the certificate's key`)
  }
  return new Proof(peer, algorithm)
}

/** Certificate and CertificateVerify of this side. */
export function* proveIdentity(exchange: Exchange, role: Role, identity: Identity, scheme: CodePoint): Dialogue<void> {
  say(exchange, 'certificate', {
    certificate_request_context: new Uint8Array(0),
    certificate_list: identity.chain.map(cert_data => ({ cert_data, extensions: [] })),
  })
  const content = signedContent(role, exchange.transcript.digest())
  const signature = yield* sign(exchange, identity, scheme, content)
  say(exchange, 'certificate_verify', { algorithm: scheme, signature })
}

/** The Certificate message of a client that offers none. */
export function sayNoCertificate(exchange: Exchange): void {
  say(exchange, 'certificate', { certificate_request_context: new Uint8Array(0), certificate_list: [] })
}

/** The scheme to sign with: the first of the key's that both sides accept. */
export function chooseScheme(exchange: Exchange, identity: Identity, accepted: readonly CodePoint[]): CodePoint | undefined {
  const own = new Set(exchange.settings.verifiers.map(each => each.scheme))
  return identity.key.schemes.find(scheme => own.has(scheme) && accepted.includes(scheme))
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
  return concat(new Uint8Array(64).fill(0x20), fromText(`TLS 1.3, ${role} CertificateVerify`), Uint8Array.of(0), transcriptHash)
}

function hex(codePoint: CodePoint): string {
  return `0x${codePoint.toString(16).padStart(4, '0')}`
}
