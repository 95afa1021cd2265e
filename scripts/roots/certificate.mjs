/** Of a certificate what an anchor needs, and the compact texts that src/roots.ts turns into the same octets again. */

/** Short names of attribute types, as far as roots use them; others stand in dotted form. */
export const attributeTypes = {
  C: '2.5.4.6',
  CN: '2.5.4.3',
  E: '1.2.840.113549.1.9.1',
  L: '2.5.4.7',
  O: '2.5.4.10',
  OI: '2.5.4.97',
  OU: '2.5.4.11',
  SN: '2.5.4.5',
  ST: '2.5.4.8',
}

/** Between the type and the value: which string type the value has. */
export const stringTypes = { '=': 0x13, ':': 0x0c, '@': 0x16 }

/** `{ subject, publicKey, nameConstraints }`, DER; the last undefined where the certificate has no such extension. */
export function anchorFields(der) {
  const fields = contents(contents(read(der))[0])
  const from = fields[0].tag === 0xa0 ? 1 : 0
  const extensions = fields.find(({ tag }) => tag === 0xa3)
  const found = extensions && contents(contents(extensions)[0]).find(each => dotted(contents(each)[0]) === '2.5.29.30')
  return {
    subject: fields[from + 4].raw,
    publicKey: fields[from + 5].raw,
    nameConstraints: found && contents(found).at(-1).bytes,
  }
}

/** `C=US;O:Example;CN=Example Root`. Throws where this text would not give the same octets again. */
export function subjectText(der) {
  const attributes = contents(read(der)).map(relative => {
    const [type, value] = contents(contents(relative)[0])
    const short = Object.entries(attributeTypes).find(([, oid]) => oid === dotted(type))?.[0] ?? dotted(type)
    const sign = Object.entries(stringTypes).find(([, tag]) => tag === value.tag)?.[0]
    return { short, sign, value: value.bytes.toString('utf8'), type }
  })
  const text = attributes.map(({ short, sign, value }) => `${short}${sign}${value}`).join(';')
  const again = attributes.map(({ type, sign, value }) =>
    encode(0x31, encode(0x30, type.raw, encode(stringTypes[sign] ?? 0, Buffer.from(value, 'utf8')))),
  )
  if (!encode(0x30, ...again).equals(der) || attributes.some(({ value }) => /[;|\n\\]/.test(value))) {
    throw new Error(`a subject that needs another notation: ${text} (${der.toString('hex')})`)
  }
  return text
}

/** The common name; without one, the last attribute's value. */
export function commonName(text) {
  const values = text.split(';').map(attribute => /^([\w.]+)[=:@](.*)$/.exec(attribute))
  return (values.find(([, type]) => type === 'CN') ?? values.at(-1))[2]
}

/** A key as `{ shape, before, key, after }`: what all keys of a shape have in common around what is this one's own, the modulus or point. */
export function keyParts(spki) {
  const [algorithm, bits] = contents(read(spki))
  const [type, parameters] = contents(algorithm)
  const own = dotted(type) === '1.2.840.113549.1.1.1' ? modulus(bits) : point(bits, dotted(parameters))
  const from = spki.length - own.behind - own.key.length
  return { shape: own.shape, before: spki.subarray(0, from), key: own.key, after: spki.subarray(from + own.key.length) }
}

/** DER NameConstraints that permit DNS names at and below these (RFC 5280 §4.2.1.10). */
export function permittedDomains(domains) {
  const subtrees = domains.map(domain => encode(0x30, encode(0x82, Buffer.from(domain, 'latin1'))))
  return encode(0x30, encode(0xa0, ...subtrees))
}

function modulus(bits) {
  const [number, exponent] = contents(read(bits.bytes.subarray(1)))
  const key = number.bytes[0] === 0 ? number.bytes.subarray(1) : number.bytes
  const e = BigInt(`0x${exponent.bytes.toString('hex')}`)
  return { shape: `rsa${key.length * 8}${e === 65537n ? '' : `e${e}`}`, key, behind: exponent.raw.length }
}

const curves = { '1.2.840.10045.3.1.7': 'p256', '1.3.132.0.34': 'p384', '1.3.132.0.35': 'p521' }

function point(bits, curve) {
  if (!curves[curve] || bits.bytes[1] !== 4) throw new Error(`a key on curve ${curve} that is not known, or whose point is compressed`)
  return { shape: curves[curve], key: bits.bytes.subarray(2), behind: 0 }
}

// ── DER, of which NSS and Debian's tools have seen already that it is DER ─────────────────────────────────────────────

function read(der, at = 0) {
  const long = der[at + 1] >= 0x80 ? der[at + 1] & 0x7f : 0
  const from = at + 2 + long
  const length = long === 0 ? der[at + 1] : der.readUIntBE(at + 2, long)
  if (from + length > der.length) throw new Error('a certificate that is cut off')
  return { tag: der[at], raw: der.subarray(at, from + length), bytes: der.subarray(from, from + length) }
}

function contents({ bytes }) {
  const values = []
  for (let at = 0; at < bytes.length; at += values.at(-1).raw.length) values.push(read(bytes, at))
  return values
}

function encode(tag, ...parts) {
  const bytes = Buffer.concat(parts)
  const digits = bytes.length.toString(16)
  const long = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
  const length = bytes.length < 0x80 ? [bytes.length] : [0x80 | long.length, ...long]
  return Buffer.concat([Buffer.from([tag, ...length]), bytes])
}

function dotted({ bytes }) {
  const arcs = [0]
  for (const octet of bytes) {
    arcs.push(arcs.pop() * 128 + (octet & 0x7f))
    if (octet < 0x80) arcs.push(0)
  }
  const [packed, ...rest] = arcs.slice(0, -1)
  const first = Math.min(2, Math.floor(packed / 40))
  return [first, packed - 40 * first, ...rest].join('.')
}
