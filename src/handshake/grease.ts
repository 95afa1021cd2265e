/** Reserved values that a peer has to ignore (RFC 8701): sent so that it goes on doing so. */
import type { Extension } from '../wire/extensions.ts'
import type { ClientHello } from '../wire/messages.ts'

/**
 * The hello with a reserved value in each list that takes one. `seed`: 6 random bytes, the same for both hellos of a retry; the second one holds the
 * one key share that was asked for and no other.
 */
export function withGrease(hello: ClientHello, seed: Uint8Array, retried: boolean): ClientHello {
  const [first = 0, second = 0, suite = 0, group = 0, version = 0, scheme = 0] = seed.map(byte => byte & 0xf)
  const extensions = hello.extensions.map(each => greased(each, { group, version, scheme, retried }))
  const psk = extensions.at(-1)?.name === 'pre_shared_key' ? extensions.splice(-1) : []
  return {
    ...hello,
    cipher_suites: [reserved(suite), ...hello.cipher_suites],
    extensions: [
      { name: undefined, type: reserved(first), value: new Uint8Array(0) },
      ...extensions,
      { name: undefined, type: reserved(second === first ? (first + 1) & 0xf : second), value: Uint8Array.of(0) },
      ...psk,
    ],
  }
}

/** Whether a code point of two bytes is reserved: no peer may ever choose one. */
export function isReserved(code: number): boolean {
  return (code & 0x0f0f) === 0x0a0a && code >> 8 === (code & 0xff)
}

interface Values {
  readonly group: number
  readonly version: number
  readonly scheme: number
  readonly retried: boolean
}

function greased(each: Extension<'client_hello'>, { group, version, scheme, retried }: Values): Extension<'client_hello'> {
  switch (each.name) {
    case 'supported_groups':
      return { ...each, value: [reserved(group), ...each.value] }
    case 'key_share':
      return retried ? each : { ...each, value: [{ group: reserved(group), key_exchange: Uint8Array.of(0) }, ...each.value] }
    case 'supported_versions':
      return { ...each, value: [reserved(version), ...each.value] }
    case 'signature_algorithms':
      return { ...each, value: [reserved(scheme), ...each.value] }
    default:
      return each
  }
}

/** 0x0a0a, 0x1a1a … 0xfafa, by their first digit. */
function reserved(digit: number): number {
  return ((digit << 4) | 0x0a) * 0x0101
}
