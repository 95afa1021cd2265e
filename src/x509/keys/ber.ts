/**
 * BER (ITU-T X.690 §8) made DER where the two differ in the files that tools write: indefinite and long lengths, and octet strings in pieces.
 * PKCS#12 is the one format here that may be BER (RFC 7292 §1). This pass keeps the strict reader as the only one that interprets
 * anything, and needs no ASN.1 library, which nothing else of the engine imports either.
 */
import { Reader, Writer } from '../../wire/bytes.ts'
import { DerReader, encode, octetString, tags } from '../../wire/der.ts'
import { DecodeError } from '../../wire/error.ts'

/** The one value that `bytes` is, with lengths and octet strings as in DER. What else DER asks for is left to the reader. Throws `DecodeError`. */
export function berToDer(bytes: Uint8Array): Uint8Array {
  const reader = new Reader(bytes)
  const value = readValue(reader, 0)
  reader.finish('the value')
  return value
}

/** The octets of the OCTET STRINGs that follow one another. */
export function joinOctetStrings(pieces: DerReader): Uint8Array {
  const writer = new Writer()
  while (!pieces.done) writer.append(octetString(pieces.next()))
  return writer.finish()
}

/** Files of any use nest less than half as deep. It bounds the work too: every level copies what is inside it. */
const deepest = 32

const constructed = 0x20

function readValue(reader: Reader, depth: number): Uint8Array {
  if (depth > deepest) throw new DecodeError(`values nested more than ${deepest} deep, at offset ${reader.position}`)
  const tag = reader.uint(1)
  if ((tag & 0x1f) === 0x1f) throw new DecodeError(`a tag number above 30, at offset ${reader.position - 1}`)
  const length = readLength(reader)
  if ((tag & constructed) === 0) {
    if (length === undefined) throw new DecodeError(`a primitive value of indefinite length, at offset ${reader.position}`)
    return encode(tag, reader.take(length))
  }
  const contents = length === undefined ? readToMark(reader, depth) : readAll(reader.sub(length), depth)
  if (tag !== (tags.octetString | constructed)) return encode(tag, contents)
  return encode(tags.octetString, joinOctetStrings(new DerReader(contents)))
}

function readAll(reader: Reader, depth: number): Uint8Array {
  const writer = new Writer()
  while (reader.remaining > 0) writer.append(readValue(reader, depth + 1))
  return writer.finish()
}

/** Up to the two zeros that end a value of indefinite length (§8.1.5). */
function readToMark(reader: Reader, depth: number): Uint8Array {
  const writer = new Writer()
  while (reader.bytes[reader.position] !== 0 || reader.remaining === 0) writer.append(readValue(reader, depth + 1))
  if (reader.uint(2) !== 0) throw new DecodeError(`a malformed end of contents, at offset ${reader.position - 2}`)
  return writer.finish()
}

/** `undefined`: indefinite. */
function readLength(reader: Reader): number | undefined {
  const first = reader.uint(1)
  if (first < 0x80) return first
  if (first === 0x80) return undefined
  const size = first & 0x7f
  if (size > 4) throw new DecodeError(`a length of ${size} octets, at offset ${reader.position}`)
  return reader.uint(size)
}
