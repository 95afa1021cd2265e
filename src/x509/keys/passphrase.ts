/** A passphrase as the bytes that keys are made of. */

/** UTF-8, as RFC 8018 §3 advises and as everyone does. Throws `TypeError` for what is no string, and for half a surrogate pair, which is no text. */
export function utf8(passphrase: string): Uint8Array {
  if (typeof passphrase !== 'string') throw new TypeError('the passphrase has to be a string')
  const octets: number[] = []
  for (const character of passphrase) {
    const point = character.codePointAt(0) ?? 0
    if (point >= 0xd800 && point < 0xe000) throw new TypeError('the passphrase is no text: it has half a surrogate pair')
    if (point < 0x80) octets.push(point)
    else if (point < 0x800) octets.push(0xc0 | (point >> 6), tail(point))
    else if (point < 0x10000) octets.push(0xe0 | (point >> 12), tail(point >> 6), tail(point))
    else octets.push(0xf0 | (point >> 18), tail(point >> 12), tail(point >> 6), tail(point))
  }
  return Uint8Array.from(octets)
}

/** A BMPString and two zeros (RFC 7292 §B.1); what the BMPString can't hold, as a surrogate pair, which OpenSSL and Windows write. */
export function terminatedBmp(passphrase: string): Uint8Array {
  const octets = new Uint8Array(2 * passphrase.length + 2)
  for (let i = 0; i < passphrase.length; i++) {
    const unit = passphrase.charCodeAt(i)
    octets[2 * i] = unit >> 8
    octets[2 * i + 1] = unit & 0xff
  }
  return octets
}

/** A continuation octet. */
function tail(bits: number): number {
  return 0x80 | (bits & 0x3f)
}
