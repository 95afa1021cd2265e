/** The verdict on a peer's chain: a value that only this folder makes. */
import type { VerifiedPeer } from '../types.ts'
import { type Certificate, describeSubject, parseCertificate, readCertificate } from './certificate.ts'

/**
 * The application's own answer to the question `peer-certificate`: the chain is taken as it is. The end entity must be a readable
 * certificate, since the handshake's signature is verified with its key; otherwise `TlsError` with code `certificate-malformed`.
 */
export function acceptWithoutVerification(chain: readonly Uint8Array[]): VerifiedPeer {
  return restoredPeer(chain, false)
}

/** The verdict of a trust store that found every rule kept. */
export function verifiedPeer(chain: readonly Uint8Array[], certificates: readonly [Certificate, ...Certificate[]]): VerifiedPeer {
  return verdict(chain, certificates[0], certificates.map(describeSubject), true)
}

/** The verdict of an earlier connection, on the chain that its session holds: as good as it was then. */
export function restoredPeer(chain: readonly Uint8Array[], verified: boolean): VerifiedPeer {
  const [leaf, ...rest] = chain
  if (!leaf) throw new TypeError('a chain has at least one certificate')
  const certificate = readCertificate(leaf, 'certificate 0')
  return verdict(chain, certificate, [describeSubject(certificate), ...rest.map(subjectOrNote)], verified)
}

/** Whether `value` was made by a trust store or by `acceptWithoutVerification`; a look-alike is not. */
export function isVerifiedPeer(value: unknown): value is VerifiedPeer {
  return typeof value === 'object' && value !== null && verdicts.has(value)
}

/** A class would lend its constructor to whoever has an instance. */
const verdicts = new WeakSet<object>()

function verdict(chain: readonly Uint8Array[], leaf: Certificate, subjects: string[], verified: boolean): VerifiedPeer {
  const made = Object.freeze({
    chain: Object.freeze([...chain]),
    spki: leaf.publicKey.raw,
    subjects: Object.freeze(subjects),
    verified,
  })
  verdicts.add(made)
  return made
}

function subjectOrNote(bytes: Uint8Array): string {
  try {
    return describeSubject(parseCertificate(bytes))
  } catch {
    return '(not readable)'
  }
}
