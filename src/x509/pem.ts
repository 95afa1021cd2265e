/** PEM (RFC 7468): DER in base64 between two lines that say what it is. */

export interface PemBlock {
  /** What stands behind BEGIN: `CERTIFICATE`, `PRIVATE KEY` … */
  readonly label: string
  /** Header lines as in RFC 1421, which encrypted keys of older tools have. */
  readonly headers: readonly string[]
  readonly bytes: Uint8Array
}

/**
 * All the blocks of a text, in order; what stands between them is skipped, as is a byte order mark. Lines end with LF, CRLF or CR. Throws `TypeError` that names the
 * block and what is wrong with it.
 */
export function decodePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = []
  let open: { label: string; lines: string[] } | undefined
  for (const [, edge, label = '', line = ''] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .map(split)) {
    const name = open && `PEM block ${blocks.length} (${open.label})`
    if (edge === 'BEGIN') {
      if (open) throw new TypeError(`${name} is not closed before the next one begins`)
      open = { label, lines: [] }
    } else if (edge === 'END') {
      if (!open) throw new TypeError(`PEM: an END ${label} without its BEGIN`)
      if (open.label !== label) throw new TypeError(`${name} ends as ${label}`)
      blocks.push(decodeBlock(open.label, open.lines, `${name}`))
      open = undefined
    } else open?.lines.push(line)
  }
  if (open) throw new TypeError(`PEM block ${blocks.length} (${open.label}) has no end`)
  return blocks
}

/** One block, its lines of 64 characters, with a line end behind each. */
export function encodePem(label: string, bytes: Uint8Array): string {
  const lines = encodeBase64(bytes).match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

/** The parts of an encapsulation boundary, or a plain line as the last. */
function split(line: string): readonly (string | undefined)[] {
  return /^-----(BEGIN|END) ([!-,.-~](?:[ -]?[!-,.-~])*)-----\s*$/.exec(line) ?? [line, undefined, undefined, line]
}

function decodeBlock(label: string, lines: readonly string[], name: string): PemBlock {
  const blank = lines.findIndex(line => line.trim() === '')
  const headers = lines[0]?.includes(':') ? lines.slice(0, blank < 0 ? lines.length : blank) : []
  const base64 = lines
    .slice(headers.length)
    .join('')
    .replace(/[ \t\v\f]/g, '')
  if (base64 === '') throw new TypeError(`${name} is empty`)
  return { label, headers, bytes: decodeBase64(base64, name) }
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const values = new Map(Array.from(alphabet, (character, value) => [character, value]))

/** The octets of padded base64 (RFC 4648 §4). Throws `TypeError` that begins with `name`. */
export function decodeBase64(text: string, name: string): Uint8Array {
  const digits = text.replace(/={1,2}$/, '')
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4))
  let [at, buffer, held] = [0, 0, 0]
  for (const digit of digits) {
    const value = values.get(digit)
    if (value === undefined) throw new TypeError(`${name} has ${JSON.stringify(digit)}, which is not base64`)
    buffer = ((buffer << 6) | value) & 0xffff
    held += 6
    if (held < 8) continue
    held -= 8
    bytes[at++] = buffer >> held
  }
  // One text for each byte string: whole groups of four, and nothing hidden in the last bits.
  if (text.length % 4 !== 0) throw new TypeError(`${name} is cut off: ${text.length} characters of base64`)
  if ((buffer & ((1 << held) - 1)) !== 0) throw new TypeError(`${name} ends with bits that belong to no octet`)
  return bytes
}

function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(i, i + 3)
    const group = (a << 16) | (b << 8) | c
    for (let k = 0; k < 4; k++) text += i + k > bytes.length ? '=' : alphabet[(group >> (18 - 6 * k)) & 63]
  }
  return text
}
