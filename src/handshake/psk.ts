/** Pre-shared keys (RFC 9846 §4.3.11, RFC 9258): what a client offers, and the binders that tie an offer to its hello. */
import { constantTimeEqual } from '../crypto/constant-time.ts'
import type { CipherSuite, Hash } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import { hkdfExpandLabel, hkdfExtract } from '../schedule/hkdf.ts'
import { earlyStage, finishedMac } from '../schedule/key-schedule.ts'
import type { ExternalPsk } from '../types.ts'
import { encode, opaque, struct, uint16 } from '../wire/codec.ts'
import { type Extension, type ExtensionValue, extension, find } from '../wire/extensions.ts'
import { type ClientHello, encodeMessage } from '../wire/messages.ts'
import type { SessionState } from './session.ts'
import { tls13 } from './version.ts'

/** psk_key_exchange_modes. */
export const pskModes = { psk_ke: 0, psk_dhe_ke: 1 } as const
export type PskMode = keyof typeof pskModes

/** A key that both sides may know, under the name that goes over the wire. */
export interface PskCandidate {
  readonly identity: Uint8Array
  /** The name that the application gave an external PSK; the importer wraps it. */
  readonly externalIdentity?: Uint8Array
  readonly secret: Uint8Array
  /** The one hash that the key may be used with. */
  readonly hash: Hash
  readonly origin: 'res' | 'ext' | 'imp'
  /** Of a session that is resumed. */
  readonly session?: SessionState
  readonly obfuscatedAge: number
}

/** The candidates that an external PSK makes: as it is, or imported once for each hash of the suites (RFC 9258 §5.1). */
export function externalCandidates(psk: ExternalPsk, suites: readonly CipherSuite[]): readonly PskCandidate[] {
  const hashes = new Map(suites.map(suite => [suite.hash.name, suite.hash]))
  const own = hashes.get(psk.hash ?? 'sha256')
  if (!own) return []
  const { identity: externalIdentity } = psk
  if (psk.imported === false)
    return [{ identity: externalIdentity, externalIdentity, secret: psk.key, hash: own, origin: 'ext', obfuscatedAge: 0 }]
  return [...hashes.values()].flatMap(hash => imported(psk, own, hash))
}

function imported(psk: ExternalPsk, own: Hash, target: Hash): PskCandidate[] {
  const kdf = kdfs[target.name]
  if (kdf === undefined) return []
  const identity = encode(importedIdentity, {
    external_identity: psk.identity,
    context: psk.context ?? new Uint8Array(0),
    target_protocol: tls13,
    target_kdf: kdf,
  })
  const extracted = hkdfExtract(own, new Uint8Array(own.size), psk.key)
  const identityHash = own.create().update(identity).digest()
  const secret = hkdfExpandLabel(own, extracted, 'derived psk', identityHash, target.size)
  extracted.fill(0)
  return [{ identity, externalIdentity: psk.identity, secret, hash: target, origin: 'imp', obfuscatedAge: 0 }]
}

const importedIdentity = struct({
  external_identity: opaque(1, 0xffff),
  context: opaque(0, 0xffff),
  target_protocol: uint16,
  target_kdf: uint16,
})
/** TLS KDF Identifiers (RFC 9258 §10). */
const kdfs: Readonly<Record<Hash['name'], number | undefined>> = { sha256: 1, sha384: 2, sha512: undefined }

/** `pre_shared_key` with binders of the right lengths, yet to be computed. It has to be the last extension. */
export function offerPsks(candidates: readonly PskCandidate[]): Extension<'client_hello'> {
  return extension('client_hello', 'pre_shared_key', {
    identities: candidates.map(({ identity, obfuscatedAge }) => ({ identity, obfuscated_ticket_age: obfuscatedAge })),
    binders: candidates.map(({ hash }) => new Uint8Array(hash.size)),
  })
}

/** The hello with its binders. `hashOf` gives the transcript's hash, in the candidate's function, up to and with the truncated hello. */
export function bind(
  hello: ClientHello,
  candidates: readonly PskCandidate[],
  hashOf: (candidate: PskCandidate, truncated: Uint8Array) => Uint8Array,
): ClientHello {
  const offered = find(hello.extensions, 'pre_shared_key')
  if (!offered) return hello
  const { bytes } = encodeMessage('client_hello', hello)
  const truncated = bytes.subarray(0, bytes.length - bindersSize(offered))
  const binders = candidates.map(candidate => binder(candidate, hashOf(candidate, truncated)))
  const bound = extension('client_hello', 'pre_shared_key', { ...offered, binders })
  return { ...hello, extensions: hello.extensions.map(each => (each.name === 'pre_shared_key' ? bound : each)) }
}

/** Checks the binder of the candidate that was selected, and of no other (RFC 9846 §4.3.11). */
export function checkBinder(
  candidate: PskCandidate,
  index: number,
  hello: { readonly body: ClientHello; readonly bytes: Uint8Array },
  hashOf: (truncated: Uint8Array) => Uint8Array,
): void {
  const offered = find(hello.body.extensions, 'pre_shared_key')
  const given = offered?.binders[index]
  if (!offered || !given) throw new TlsError('illegal-hello', 'pre_shared_key has fewer binders than identities')
  const truncated = hello.bytes.subarray(0, hello.bytes.length - bindersSize(offered))
  if (!constantTimeEqual(given, binder(candidate, hashOf(truncated))))
    throw new TlsError('bad-binder', 'the binder does not fit the pre-shared key')
}

function binder({ hash, secret, origin }: PskCandidate, transcriptHash: Uint8Array): Uint8Array {
  const stage = earlyStage(hash, secret)
  const key = stage.binderKey(origin)
  stage.destroy()
  const mac = finishedMac(hash, key, transcriptHash)
  key.fill(0)
  return mac
}

/** Bytes of the list of binders with its length: the end of the hello that binders do not cover. */
function bindersSize({ binders }: ExtensionValue<'pre_shared_key', 'client_hello'>): number {
  return binders.reduce((size, each) => size + 1 + each.length, 2)
}
