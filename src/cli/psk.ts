/** `--psk` and `--psk-imported`: keys from outside of TLS. */
import type { ExternalPsk } from '../types.ts'
import { UsageError, type Values } from './usage.ts'

export const pskFlags = {
  psk: { type: 'string', multiple: true },
  'psk-imported': { type: 'string', multiple: true },
} as const

/** The keys in the order of the flags, the plain ones first. */
export function pskOptions(values: Values<typeof pskFlags>): ExternalPsk[] {
  const plain = (values.psk ?? []).map(text => ({ ...parsePsk('psk', text), imported: false }))
  const imported = (values['psk-imported'] ?? []).map(text => ({ ...parsePsk('psk-imported', text), imported: true }))
  const all = [...plain, ...imported]
  for (const [i, { identity, imported: kind }] of all.entries()) {
    const first = all.findIndex(each => each.imported === kind && Buffer.compare(each.identity, identity) === 0)
    if (first !== i) throw new UsageError(`--${kind ? 'psk-imported' : 'psk'}: the identity "${textOf(identity)}" is there twice`)
  }
  return all
}

/** `IDENTITY:HEX`; the identity may hold colons. The key is a secret: no message repeats it. */
function parsePsk(option: string, text: string): { identity: Uint8Array; key: Uint8Array } {
  const colon = text.lastIndexOf(':')
  if (colon < 1) throw new UsageError(`--${option}: expected IDENTITY:HEX, the key's name and the key in hexadecimal`)
  const [name, hex] = [text.slice(0, colon), text.slice(colon + 1)]
  const identity = new Uint8Array(Buffer.from(name, 'utf8'))
  if (identity.length > longestIdentity) throw new UsageError(`--${option}: an identity has at most ${longestIdentity} bytes`)
  if (!/^([0-9a-f]{2})*$/i.test(hex)) throw new UsageError(`--${option} "${name}": the key is not hexadecimal, two digits a byte`)
  const key = new Uint8Array(Buffer.from(hex, 'hex'))
  if (key.length < shortestKey)
    throw new UsageError(`--${option} "${name}": the key has ${key.length} bytes, and needs ${shortestKey} at least (RFC 9257)`)
  return { identity, key }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}

/** Bytes. */
const longestIdentity = 0xff00
const shortestKey = 16
