/** The verdict on a peer's chain: a value that only this folder makes. */
import type { CertificateType, VerifiedPeer } from '../types.ts'
import { type Certificate, describeSubject, parseCertificate, readCertificate } from './certificate/certificate.ts'
import type { VerifiedChain } from './chain.ts'

/**
 * The application's own answer to the question `peer-certificate`: what the peer sent is taken as it is. The end entity must be a readable
 * certificate, since the handshake's signature is verified with its key; otherwise `TlsError` with code `certificate-malformed`.
 */
export function acceptWithoutVerification(chain: readonly Uint8Array[], type: CertificateType = 'X509'): VerifiedPeer {
  return restoredPeer(chain, type, false)
}

/** The verdict of a trust store that found every rule kept. */
export function verifiedPeer(chain: readonly Uint8Array[], verified: VerifiedChain): VerifiedPeer {
  const [leaf] = verified.path
  if (!leaf) throw new TypeError('a path has at least one certificate')
  const peer = x509Verdict(chain, leaf, [describeSubject(leaf), ...chain.slice(1).map(subjectOrNote)], true)
  grounds.set(peer, verified)
  return peer
}

/** What the verdict of a trust store rests on: the path, its anchor, policies and what else was found. `undefined` for other verdicts. */
export function verifiedChain(peer: VerifiedPeer): VerifiedChain | undefined {
  return grounds.get(peer)
}

/** The verdict of an application that believes what it sees for the first time. */
export function firstUsePeer(chain: readonly Uint8Array[]): VerifiedPeer {
  return restoredPeer(chain, 'X509', true)
}

/** The verdict on a raw public key (RFC 7250), a DER SubjectPublicKeyInfo. `verified`: it is one that was known beforehand. */
export function rawKeyPeer(chain: readonly Uint8Array[], verified: boolean): VerifiedPeer {
  const [spki] = chain
  if (!spki || chain.length > 1) throw new TypeError('a raw public key stands alone')
  return verdict({ chain, spki, subjects: ['(raw public key)'], verified, certificateType: 'RawPublicKey' })
}

/** The verdict of an earlier connection, on what its session holds: as good as it was then. */
export function restoredPeer(chain: readonly Uint8Array[], type: CertificateType, verified: boolean): VerifiedPeer {
  if (type === 'RawPublicKey') return rawKeyPeer(chain, verified)
  const [leaf, ...rest] = chain
  if (!leaf) throw new TypeError('a chain has at least one certificate')
  const certificate = readCertificate(leaf, 0)
  return x509Verdict(chain, certificate, [describeSubject(certificate), ...rest.map(subjectOrNote)], verified)
}

/** Whether `value` was made by a trust store or by `acceptWithoutVerification`; a look-alike is not. */
export function isVerifiedPeer(value: unknown): value is VerifiedPeer {
  return typeof value === 'object' && value !== null && verdicts.has(value)
}

/** A class would lend its constructor to whoever has an instance. */
const verdicts = new WeakSet<object>()
const grounds = new WeakMap<VerifiedPeer, VerifiedChain>()

function verdict(verdict: VerifiedPeer): VerifiedPeer {
  const made = Object.freeze({ ...verdict, chain: Object.freeze([...verdict.chain]), subjects: Object.freeze([...verdict.subjects]) })
  verdicts.add(made)
  return made
}

function x509Verdict(chain: readonly Uint8Array[], leaf: Certificate, subjects: readonly string[], verified: boolean): VerifiedPeer {
  return verdict({ chain, spki: leaf.publicKey.raw, subjects, verified, certificateType: 'X509' })
}

function subjectOrNote(bytes: Uint8Array): string {
  try {
    return describeSubject(parseCertificate(bytes))
  } catch {
    return '(not readable)'
  }
}
