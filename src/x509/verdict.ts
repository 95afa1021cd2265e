/** The verdict on a peer's chain: a value that only this folder makes. */
import type { CertificateType, VerifiedPeer } from '../types.ts'
import { copyOf } from '../wire/bytes.ts'
import { outlineOf, parseCertificate, readCertificate } from './certificate/certificate.ts'
import type { Validated, VerifiedChain } from './chain.ts'
import type { SctVerdict } from './ct/verdict.ts'
import { copyOfAnchor } from './path/anchor.ts'
import { subjectText } from './path/link.ts'

/**
 * The application's own answer to the question `peer-certificate`: what the peer sent is taken as it is. The end entity must be a readable
 * certificate, since the handshake's signature is verified with its key; otherwise `TlsError` with code `certificate-malformed`.
 */
export function acceptWithoutVerification(chain: readonly Uint8Array[], type: CertificateType = 'X509'): VerifiedPeer {
  return readablePeer(chain, type, false)
}

/** The verdict of a trust store that found every rule kept. */
export function verifiedPeer(chain: readonly Uint8Array[], { verified, sent }: Validated): VerifiedPeer {
  const [leaf] = sent
  if (!leaf) throw new TypeError('a path has at least one certificate')
  const subjects = sent.map(certificate => (certificate ? subjectText(certificate) : notReadable))
  const peer = verdict({ chain, spki: copyOf(leaf.publicKey.raw), subjects: () => subjects, verified: true, certificateType: 'X509' })
  grounds.set(
    peer,
    once(() => copyOfVerified(verified)),
  )
  return peer
}

/** What the verdict of a trust store rests on: the path, its anchor, policies and what else was found. `undefined` for other verdicts. */
export function verifiedChain(peer: VerifiedPeer): VerifiedChain | undefined {
  return grounds.get(peer)?.()
}

/** The verdict of an application that believes what it sees for the first time. */
export function firstUsePeer(chain: readonly Uint8Array[]): VerifiedPeer {
  return readablePeer(chain, 'X509', true)
}

/** The verdict on a raw public key (RFC 7250), a DER SubjectPublicKeyInfo. `verified`: it is one that was known beforehand. */
export function rawKeyPeer(chain: readonly Uint8Array[], verified: boolean): VerifiedPeer {
  const [spki] = chain
  if (!spki || chain.length > 1) throw new TypeError('a raw public key stands alone')
  return verdict({ chain, spki, subjects: () => ['(raw public key)'], verified, certificateType: 'RawPublicKey' })
}

/**
 * The verdict of an earlier connection, on what its session holds: as good as it was then. Of the certificates only the public key is read:
 * to read them whole again, for names that are rarely looked at, would be the larger part of what a resumption costs.
 */
export function restoredPeer(chain: readonly Uint8Array[], type: CertificateType, verified: boolean): VerifiedPeer {
  if (type === 'RawPublicKey') return rawKeyPeer(chain, verified)
  const copies = chain.map(copyOf)
  const [leaf] = copies
  if (!leaf) throw new TypeError('a chain has at least one certificate')
  const subjects = (): readonly string[] => copies.map(subjectOrNote)
  return verdict({ chain: copies, spki: outlineOf(leaf).publicKeyInfo, subjects, verified, certificateType: 'X509' })
}

/** Whether `value` was made by a trust store or by `acceptWithoutVerification`; a look-alike is not. */
export function isVerifiedPeer(value: unknown): value is VerifiedPeer {
  return typeof value === 'object' && value !== null && verdicts.has(value)
}

/** A class would lend its constructor to whoever has an instance. */
const verdicts = new WeakSet<object>()
const grounds = new WeakMap<VerifiedPeer, () => VerifiedChain>()

const notReadable = '(not readable)'

type VerdictParts = Omit<VerifiedPeer, 'subjects'> & { readonly subjects: () => readonly string[] }

function verdict({ chain, subjects, ...rest }: VerdictParts): VerifiedPeer {
  const written = once(() => Object.freeze([...subjects()]))
  const made = Object.freeze({
    ...rest,
    chain: Object.freeze([...chain]),
    get subjects() {
      return written()
    },
  })
  verdicts.add(made)
  return made
}

/** What is handed out is nobody else's: the trust store may judge the next peer by the same certificates. */
function copyOfVerified({ path, anchor, policies, revocation, transparency }: VerifiedChain): VerifiedChain {
  return {
    path: path.map(({ raw }) => parseCertificate(copyOf(raw))),
    anchor: copyOfAnchor(anchor),
    policies: new Set(policies),
    revocation: revocation.map(status => ({ ...status, sctList: status.sctList && copyOf(status.sctList) })),
    transparency: transparency && { ...transparency, scts: transparency.scts.map(copyOfSct) },
  }
}

function copyOfSct(verdict: SctVerdict): SctVerdict {
  const { sct } = verdict
  if (!sct) return verdict
  const { logId, extensions, signature } = sct
  return { ...verdict, sct: { ...sct, logId: copyOf(logId), extensions: copyOf(extensions), signature: copyOf(signature) } }
}

/** A verdict on what was sent and never judged; the end entity is readable at least. */
function readablePeer(chain: readonly Uint8Array[], type: CertificateType, verified: boolean): VerifiedPeer {
  const [first] = chain
  if (type === 'X509' && first) readCertificate(first, 0)
  return restoredPeer(chain, type, verified)
}

function subjectOrNote(bytes: Uint8Array): string {
  try {
    return subjectText(parseCertificate(bytes))
  } catch {
    return notReadable
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
