/** The encodings of X.690's BER that mean the same as a piece of DER and are not DER, and such as merely look harmless; at every value of a certificate. */
import { concat } from '../../../src/wire/bytes.ts'
import { DerReader, encode, oid, readDer, tags } from '../../../src/wire/der.ts'
import { type Node, parseTree, writeTree } from '../../fuzz/der-tree.ts'

export interface Variation {
  readonly kind: string
  /** Where: the indices from the outermost value inwards; strings are looked into. */
  readonly path: readonly number[]
  /** The tags of the values along the path, its own the last. */
  readonly tags: readonly number[]
  readonly der: Uint8Array
}

/** Each variation of `der`, which is DER, at one place. */
export function* variationsOf(der: Uint8Array): Generator<Variation> {
  const tree = parseTree(der)
  for (const { node, path, tags } of nodesOf(tree, [], [])) {
    const plain = readOne(writeTree([node]))
    for (const [kind, raw] of Object.entries(kinds).map(([kind, vary]) => [kind, vary(plain)] as const)) {
      if (!raw) continue
      node.raw = raw
      yield { kind, path, tags, der: writeTree(tree) }
      delete node.raw
    }
  }
}

/** What stands at a place of a certificate: a field by its name, or an extension by its identifier. */
export function placeOf(der: Uint8Array, path: readonly number[]): string {
  const [, part, field = 0] = path
  if (part === 1) return 'signature algorithm'
  if (part === 2) return 'signature'
  const signed = childrenOf(childrenOf(parseTree(der)[0])[0])
  const extensions = signed.findIndex(({ tag }) => tag === 0xa3)
  if (part === 0 && path.length > 2) {
    if (field !== extensions) return fieldNames[field] ?? String(field)
    const [, , , , extension] = path
    if (extension === undefined) return 'extensions'
    const id = childrenOf(childrenOf(childrenOf(signed[extensions])[0])[extension])[0]
    return `extension ${id ? oid(readDer(writeTree([id]))) : ''}`
  }
  return 'certificate'
}

const fieldNames = ['version', 'serial', 'algorithm', 'issuer', 'validity', 'subject', 'publicKey']

interface Plain {
  readonly tag: number
  readonly contents: Uint8Array
  readonly whole: Uint8Array
}

const kinds: Readonly<Record<string, (value: Plain) => Uint8Array | undefined>> = {
  'a longer length': ({ tag, contents }) => withLength(tag, contents, 1),
  'a length of five octets': ({ tag, contents }) => withLength(tag, contents, 5),
  'an indefinite length': ({ tag, contents }) =>
    isConstructed(tag) ? concat(Uint8Array.of(tag, 0x80), contents, endOfContents) : undefined,
  'a tag in the long form': ({ tag, whole }) => concat(Uint8Array.of((tag & 0xe0) | 0x1f, tag & 0x1f), whole.subarray(1)),
  'an end of contents that nothing asked for': ({ tag, contents }) =>
    isConstructed(tag) ? encode(tag, contents, endOfContents) : undefined,
  'a NULL behind the rest': ({ tag, contents }) => (isConstructed(tag) ? encode(tag, contents, Uint8Array.of(tags.null, 0)) : undefined),
  'an octet behind it': ({ whole }) => concat(whole, Uint8Array.of(0)),
  'a string in parts': ({ tag, contents }) => (stringTypes.has(tag) ? encode(tag | 0x20, ...inParts(tag, contents)) : undefined),
  'a string in parts without an end': ({ tag, contents }) =>
    stringTypes.has(tag) ? concat(Uint8Array.of(tag | 0x20, 0x80), ...inParts(tag, contents), endOfContents) : undefined,
  'TRUE as 01': ({ tag, contents }) => (tag === tags.boolean && contents[0] === 0xff ? Uint8Array.of(tag, 1, 1) : undefined),
  'an INTEGER with an octet too many': ({ tag, contents }) =>
    tag === tags.integer ? encode(tag, Uint8Array.of((contents[0] ?? 0) < 0x80 ? 0 : 0xff), contents) : undefined,
  'an arc with zeros in front': ({ tag, contents }) =>
    tag === tags.oid ? encode(tag, contents.subarray(0, 1), paddedArc(contents)) : undefined,
  'unused bits that are set': ({ tag, contents }) => {
    const unused = contents[0] ?? 0
    if (tag !== tags.bitString || unused === 0 || unused > 7) return undefined
    return encode(tag, contents.subarray(0, -1), Uint8Array.of((contents.at(-1) ?? 0) | 1))
  },
  'a SET in another order': ({ tag, contents }) => (tag === tags.set ? reversed(contents) : undefined),
  'FALSE, which is the default': ({ tag, contents, whole }) => withFalse(tag, contents, whole),
  'a time with an offset': ({ tag, contents }) => (isTime(tag) ? encode(tag, contents.subarray(0, -1), ascii('+0000')) : undefined),
  'a UTCTime without seconds': ({ tag, contents }) =>
    tag === tags.utcTime && contents.at(-3) === 0x30 && contents.at(-2) === 0x30
      ? encode(tag, contents.subarray(0, -3), ascii('Z'))
      : undefined,
  'a GeneralizedTime with a fraction': ({ tag, contents }) =>
    tag === tags.generalizedTime ? encode(tag, contents.subarray(0, -1), ascii('.0Z')) : undefined,
}

const endOfContents = Uint8Array.of(0, 0)

const stringTypes: ReadonlySet<number> = new Set([
  tags.bitString,
  tags.octetString,
  tags.utf8String,
  tags.printableString,
  tags.teletexString,
  tags.ia5String,
  tags.bmpString,
  // Implicitly tagged: key identifiers, and names in their forms.
  ...[0x80, 0x81, 0x82, 0x86, 0x87],
])

function isConstructed(tag: number): boolean {
  return (tag & 0x20) !== 0
}

function isTime(tag: number): boolean {
  return tag === tags.utcTime || tag === tags.generalizedTime
}

/** `size` more octets of length than there need be. */
function withLength(tag: number, contents: Uint8Array, size: number): Uint8Array {
  const shortest = readOne(encode(tag, contents)).whole.subarray(1, -contents.length || undefined)
  const digits = shortest.length > 1 ? shortest.subarray(1) : shortest
  const padded = concat(new Uint8Array(size), digits)
  return concat(Uint8Array.of(tag, 0x80 | padded.length), padded, contents)
}

/** Two parts, where there is enough for two. A BIT STRING counts its unused bits in each part (X.690 §8.6.4). */
function inParts(tag: number, contents: Uint8Array): Uint8Array[] {
  const part = tag >= 0x80 ? tags.octetString : tag
  if (tag === tags.bitString) {
    const half = 1 + ((contents.length - 1) >> 1)
    return [encode(part, Uint8Array.of(0), contents.subarray(1, half)), encode(part, contents.subarray(0, 1), contents.subarray(half))]
  }
  const half = contents.length >> 1
  return [encode(part, contents.subarray(0, half)), encode(part, contents.subarray(half))]
}

function paddedArc(contents: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(0x80), contents.subarray(1))
}

function reversed(contents: Uint8Array): Uint8Array | undefined {
  const values: Uint8Array[] = []
  for (const reader = new DerReader(contents); !reader.done; ) values.push(reader.next().raw)
  return values.length > 1 ? encode(tags.set, ...values.reverse()) : undefined
}

/** An extension that is not critical, saying so. */
function withFalse(tag: number, contents: Uint8Array, whole: Uint8Array): Uint8Array | undefined {
  if (tag !== tags.sequence || whole.length < 6) return undefined
  const values: { tag: number; raw: Uint8Array }[] = []
  for (const reader = new DerReader(contents); !reader.done; ) values.push(reader.next())
  const [id, octets] = values
  if (values.length !== 2 || id?.tag !== tags.oid || octets?.tag !== tags.octetString) return undefined
  return encode(tag, id.raw, Uint8Array.of(tags.boolean, 1, 0), octets.raw)
}

interface Place extends Pick<Variation, 'path' | 'tags'> {
  readonly node: Node
}

function* nodesOf(nodes: Node[], above: readonly number[], outer: readonly number[]): Generator<Place> {
  for (const [i, node] of nodes.entries()) {
    const [path, tags] = [
      [...above, i],
      [...outer, node.tag],
    ]
    yield { node, path, tags }
    if (Array.isArray(node.inside) && !isOpaque(node.inside, tags)) yield* nodesOf(node.inside, path, tags)
  }
}

/** Key identifiers and points of curves may look like values, and are none. */
function isOpaque([first]: readonly Node[], of: readonly number[]): boolean {
  const [outer, inner] = of.slice(-2)
  return (outer === tags.octetString && inner === tags.octetString) || (inner === tags.bitString && first?.tag !== tags.sequence)
}

function childrenOf(node: Node | undefined): readonly Node[] {
  return node && Array.isArray(node.inside) ? node.inside : []
}

function readOne(der: Uint8Array): Plain {
  const { tag, bytes, raw } = new DerReader(der).next()
  return { tag, contents: bytes, whole: raw }
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, character => character.charCodeAt(0))
}
