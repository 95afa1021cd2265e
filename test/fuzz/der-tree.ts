/** DER as a tree that can be bent and written again: lengths follow, unless a node is told to lie about its own. */
import { concat } from '../../src/wire/bytes.ts'
import { DerReader, encode } from '../../src/wire/der.ts'
import type { Random } from './random.ts'

export interface Node {
  tag: number
  /** Values inside it, or its contents. */
  inside: Node[] | Uint8Array
  /** What stands before the values: the octet of a BIT STRING that counts unused bits. */
  prefix: Uint8Array
  /** Octets in the place of the header and the contents that belong to it. */
  raw?: Uint8Array
}

/** Strings whose contents are values are opened too: extensions, keys. */
export function parseTree(bytes: Uint8Array): Node[] {
  const nodes: Node[] = []
  for (const reader = new DerReader(bytes); !reader.done; ) {
    const { tag, bytes: contents } = reader.next()
    nodes.push(parseNode(tag, contents))
  }
  return nodes
}

export function writeTree(nodes: readonly Node[]): Uint8Array {
  return concat(...nodes.map(writeNode))
}

/** Every node, and the list that it stands in. */
export function* walk(nodes: Node[]): Generator<{ readonly node: Node; readonly siblings: Node[] }> {
  for (const node of [...nodes]) {
    yield { node, siblings: nodes }
    if (Array.isArray(node.inside)) yield* walk(node.inside)
  }
}

/** Bends one node, in a way that a careless encoder or a hostile peer might. `others`: trees to take a branch from. */
export function bend(nodes: Node[], random: Random, others: readonly (readonly Node[])[]): void {
  const { node, siblings } = random.pick([...walk(nodes)])
  const at = siblings.indexOf(node)
  switch (random.below(10)) {
    case 0:
      siblings.splice(at, 1)
      return
    case 1:
      siblings.splice(at, 0, structuredClone(node))
      return
    case 2:
      siblings.splice(random.below(siblings.length + 1), 0, ...siblings.splice(at, 1))
      return
    case 3:
      node.tag = random.chance(50) ? random.below(256) : random.pick(knownTags)
      return
    case 4: {
      const branch = random.pick([...walk(structuredClone(random.pick(others)) as Node[])]).node
      siblings.splice(at, 1, branch)
      return
    }
    case 5:
      node.raw = wrongLength(writeNode(node), random)
      return
    case 6:
      node.inside = new Uint8Array(0)
      return
    case 7:
      node.inside = nest(node, random)
      return
    default:
      if (node.inside instanceof Uint8Array) node.inside = bendContents(node.inside, random)
      else siblings.splice(at, 1, ...node.inside)
  }
}

const knownTags = [1, 2, 3, 4, 5, 6, 10, 12, 19, 22, 23, 24, 30, 0x30, 0x31, 0x80, 0x81, 0x82, 0x86, 0x87, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4]

function parseNode(tag: number, contents: Uint8Array): Node {
  const none = new Uint8Array(0)
  if (tag & 0x20) return { tag, prefix: none, inside: tryParse(contents) ?? contents }
  const wrapped = tag === 4 ? contents : tag === 3 && contents[0] === 0 ? contents.subarray(1) : undefined
  const inside = wrapped && wrapped.length > 0 ? tryParse(wrapped) : undefined
  if (!inside || !wrapped) return { tag, prefix: none, inside: contents }
  return { tag, prefix: contents.subarray(0, contents.length - wrapped.length), inside }
}

function tryParse(bytes: Uint8Array): Node[] | undefined {
  try {
    return parseTree(bytes)
  } catch {
    return undefined
  }
}

function writeNode(node: Node): Uint8Array {
  if (node.raw) return node.raw
  const contents = Array.isArray(node.inside) ? writeTree(node.inside) : node.inside
  return encode(node.tag & 0xff, node.prefix, contents)
}

/** Lengths that lie, are longer than they need be, or have no end. */
function wrongLength(whole: Uint8Array, random: Random): Uint8Array {
  const [tag = 0, ...rest] = whole
  const length = rest[0] ?? 0
  switch (random.below(4)) {
    case 0:
      return Uint8Array.of(tag, 0x81, length & 0x7f, ...rest.slice(1))
    case 1:
      return Uint8Array.of(tag, 0x80, ...rest.slice(1), 0, 0)
    case 2:
      return Uint8Array.of(tag, (length + 1 + random.below(3)) & 0xff, ...rest.slice(1))
    default:
      return Uint8Array.of(tag, 0x84, ...random.bytes(4), ...rest.slice(1))
  }
}

function nest(node: Node, random: Random): Node[] {
  let inside: Node = { ...node }
  for (let depth = random.below(random.chance(5) ? 2000 : 20); depth > 0; depth--) {
    inside = { tag: 0x30, prefix: new Uint8Array(0), raw: writeNode(inside), inside: [] }
    inside = { tag: 0x30, prefix: new Uint8Array(0), inside: [inside] }
  }
  return [inside]
}

/** Boundary values: empty, all ones, all zeros, huge, one bit changed, one octet more or fewer. */
function bendContents(contents: Uint8Array, random: Random): Uint8Array {
  switch (random.below(7)) {
    case 0:
      return random.bytes(random.below(64))
    case 1:
      return new Uint8Array(contents.length).fill(random.chance(50) ? 0xff : 0)
    case 2:
      return new Uint8Array(random.chance(10) ? 20_000 : 300).fill(random.below(256))
    case 3:
      return contents.subarray(0, Math.max(0, contents.length - 1 - random.below(3)))
    case 4:
      return Uint8Array.of(...contents, ...random.bytes(1 + random.below(3)))
    case 5:
      return Uint8Array.of(random.below(256), ...contents)
    default: {
      const bent = contents.slice()
      const i = random.below(Math.max(1, bent.length))
      if (bent.length > 0) bent[i] = (bent[i] ?? 0) ^ (1 << random.below(8))
      return bent
    }
  }
}
