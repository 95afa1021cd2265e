/** What the tests of records share. */
import type { CipherSuite } from '../../src/crypto/provider.ts'
import { contentType } from '../../src/record/content-type.ts'
import type { Protection } from '../../src/record/protection.ts'

export function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** `size` bytes that differ from their neighbours, and from those of another `seed`. */
export function pattern(size: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8) + seed * 31 + 1) & 0xff)
}

/** A fixed key and IV of the suite's sizes. */
export function keysFor(suite: CipherSuite): { key: Uint8Array; iv: Uint8Array } {
  return { key: pattern(suite.aead.keySize, 1), iv: pattern(12, 2) }
}

/** A protected record with this TLSInnerPlaintext, however malformed. */
export function sealed(protection: Protection, inner: readonly ArrayLike<number>[]): Uint8Array {
  const plain = inner.map(part => Uint8Array.from(part))
  const size = plain.reduce((sum, part) => sum + part.length, protection.suite.aead.tagSize)
  const header = Uint8Array.of(contentType.application_data, 3, 3, size >> 8, size & 0xff)
  const out: Uint8Array[] = []
  protection.seal(header, plain, out)
  return join([header, ...out])
}
