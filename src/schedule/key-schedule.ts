/**
 * The key schedule (RFC 9846 §7.1) as values. A stage holds one secret of the diagram's left side and gives what is derived from it;
 * the next stage comes only out of the one before, and moving on erases it. So nothing can be asked for too early or too late.
 *
 * `th` is always a transcript hash. Whoever receives a secret owns it and erases it after use.
 */
import type { CipherSuite, Hash } from '../crypto/provider.ts'
import { deriveSecret, hkdfExpandLabel, hkdfExtract } from './hkdf.ts'

/** The start of the schedule. Without a `psk` the early secret comes from zeros. */
export function earlyStage(hash: Hash, psk?: Uint8Array): EarlyStage {
  const { zeros, earlySecret, derived } = constantsOf(hash)
  return psk ? new EarlyStage(hash, hkdfExtract(hash, zeros, psk)) : new EarlyStage(hash, earlySecret.slice(), derived)
}

/** What all stages share. Everything but `destroy` throws `TypeError` once the stage is retired. */
class Stage {
  protected readonly hash: Hash
  #secret: Uint8Array | undefined
  readonly #derived: Uint8Array | undefined

  /** Takes the secret over. `derived`: what the next stage is salted with, where that is known to everyone. */
  constructor(hash: Hash, secret: Uint8Array, derived?: Uint8Array) {
    this.hash = hash
    this.#secret = secret
    this.#derived = derived
  }

  /** Erases the secret and retires the stage. */
  destroy(): void {
    this.#secret?.fill(0)
    this.#secret = undefined
  }

  protected derive(label: string, th: Uint8Array): Uint8Array {
    if (this.#secret === undefined) throw new TypeError(`'${label}' was asked of a stage of the key schedule that is over`)
    return deriveSecret(this.hash, this.#secret, label, th)
  }

  /** The secret of the next stage, with `input` (or zeros) mixed in. Retires this one. */
  protected advance(input: Uint8Array | undefined): Uint8Array {
    const { zeros, emptyHash } = constantsOf(this.hash)
    const salt = (this.#secret && this.#derived?.slice()) ?? this.derive('derived', emptyHash)
    this.destroy()
    const secret = hkdfExtract(this.hash, salt, input ?? zeros)
    salt.fill(0)
    return secret
  }
}

export class EarlyStage extends Stage {
  /** The base of a binder's `finishedMac`: for a PSK from outside of TLS (`ext`, or `imp` if imported by RFC 9258) or from a session (`res`). */
  binderKey(kind: 'ext' | 'res' | 'imp'): Uint8Array {
    return this.derive(`${kind} binder`, constantsOf(this.hash).emptyHash)
  }

  /** `th` up to ClientHello. */
  clientEarlyTrafficSecret(th: Uint8Array): Uint8Array {
    return this.derive('c e traffic', th)
  }

  /** `th` up to ClientHello. */
  earlyExporterSecret(th: Uint8Array): Uint8Array {
    return this.derive('e exp master', th)
  }

  /** Moves on with the secret of the key exchange; `undefined` where the PSK is all there is. */
  handshake(sharedSecret: Uint8Array | undefined): HandshakeStage {
    return new HandshakeStage(this.hash, this.advance(sharedSecret))
  }
}

export class HandshakeStage extends Stage {
  /** `th` up to ServerHello. */
  clientTrafficSecret(th: Uint8Array): Uint8Array {
    return this.derive('c hs traffic', th)
  }

  /** `th` up to ServerHello. */
  serverTrafficSecret(th: Uint8Array): Uint8Array {
    return this.derive('s hs traffic', th)
  }

  main(): MainStage {
    return new MainStage(this.hash, this.advance(undefined))
  }
}

export class MainStage extends Stage {
  /** `th` up to the server's Finished. */
  clientTrafficSecret(th: Uint8Array): Uint8Array {
    return this.derive('c ap traffic', th)
  }

  /** `th` up to the server's Finished. */
  serverTrafficSecret(th: Uint8Array): Uint8Array {
    return this.derive('s ap traffic', th)
  }

  /** `th` up to the server's Finished. */
  exporterSecret(th: Uint8Array): Uint8Array {
    return this.derive('exp master', th)
  }

  /** `th` up to the client's Finished. */
  resumptionSecret(th: Uint8Array): Uint8Array {
    return this.derive('res master', th)
  }
}

/** The `verify_data` of a Finished (§4.5.3) under a handshake traffic secret, or a PSK binder (§4.3.11.2) under a binder key. */
export function finishedMac(hash: Hash, baseSecret: Uint8Array, th: Uint8Array): Uint8Array {
  const key = hkdfExpandLabel(hash, baseSecret, 'finished', empty, hash.size)
  const mac = hash.hmac(key, th)
  key.fill(0)
  return mac
}

/** The application traffic secret after a KeyUpdate (§7.2). The old one is the caller's to erase. */
export function nextTrafficSecret(hash: Hash, secret: Uint8Array): Uint8Array {
  return hkdfExpandLabel(hash, secret, 'traffic upd', empty, hash.size)
}

/** One direction's record protection key and IV from its traffic secret (§7.3). */
export function trafficKey(suite: CipherSuite, secret: Uint8Array): { key: Uint8Array; iv: Uint8Array } {
  return {
    key: hkdfExpandLabel(suite.hash, secret, 'key', empty, suite.aead.keySize),
    iv: hkdfExpandLabel(suite.hash, secret, 'iv', empty, ivSize),
  }
}

/**
 * Keying material for an application (§7.5), `length` bytes, at most 255 hash lengths. `label` is ASCII, 1 to 249 characters. No
 * context is the same as an empty one. Throws `TypeError` for a label or length out of these bounds.
 */
export function exportKeyingMaterial(
  hash: Hash,
  exporterSecret: Uint8Array,
  label: string,
  context: Uint8Array | undefined,
  length: number,
): Uint8Array {
  const secret = deriveSecret(hash, exporterSecret, label, constantsOf(hash).emptyHash)
  const contextHash = hash
    .create()
    .update(context ?? empty)
    .digest()
  const material = hkdfExpandLabel(hash, secret, 'exporter', contextHash, length)
  secret.fill(0)
  return material
}

/** The PSK of the session that a NewSessionTicket with this `ticket_nonce` offers (§4.7.1). */
export function resumptionPsk(hash: Hash, resumptionSecret: Uint8Array, nonce: Uint8Array): Uint8Array {
  return hkdfExpandLabel(hash, resumptionSecret, 'resumption', nonce, hash.size)
}

const empty = new Uint8Array(0)

/** The larger of 8 and N_MIN (§5.3): 12 for every AEAD registered for TLS 1.3. */
const ivSize = 12

/** What the schedule makes of nothing is the same in every handshake, and no secret. */
interface Constants {
  readonly zeros: Uint8Array
  readonly emptyHash: Uint8Array
  /** Without a PSK. */
  readonly earlySecret: Uint8Array
  /** From that early secret. */
  readonly derived: Uint8Array
}

const constants = new WeakMap<Hash, Constants>()

function constantsOf(hash: Hash): Constants {
  const known = constants.get(hash)
  if (known) return known
  const zeros = new Uint8Array(hash.size)
  const emptyHash = hash.create().digest()
  const earlySecret = hkdfExtract(hash, zeros, zeros)
  const made = { zeros, emptyHash, earlySecret, derived: deriveSecret(hash, earlySecret, 'derived', emptyHash) }
  constants.set(hash, made)
  return made
}
