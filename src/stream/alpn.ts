import { toText } from '../wire/bytes.ts'

/** Protocol ids as the engine takes them: text, one character a byte. Throws `TypeError` for what is none. */
export function alpnIds(ids: readonly (string | Uint8Array)[]): readonly string[] {
  return ids.map(id => {
    const isId = (typeof id === 'string' || id instanceof Uint8Array) && id.length > 0 && id.length <= 255
    if (!isId) throw new TypeError('an ALPN id is text or bytes, 1 to 255 of them')
    return typeof id === 'string' ? id : toText(id)
  })
}
