/**
 * The presentation language of TLS (RFC 9846 §3) as values. One description of a structure gives its type (`Infer`), a strict decoder, an
 * encoder, and by `shape` whatever else wants to walk it: the annotated ranges of a trace, the generators of the property tests.
 */
import { Reader, Writer } from './bytes.ts'
import { DecodeError } from './error.ts'

export interface Codec<T> {
  readonly shape: Shape
  read(reader: Reader): T
  write(writer: Writer, value: T): void
}

export type Infer<C> = C extends Codec<infer T> ? T : never

/** What a codec is made of. Lengths are in bytes, as the RFC gives them. */
export type Shape =
  | { readonly kind: 'uint'; readonly size: number }
  | { readonly kind: 'fixed'; readonly size: number }
  | { readonly kind: 'opaque'; readonly min: number; readonly max: number }
  | { readonly kind: 'remaining' }
  | { readonly kind: 'vector'; readonly item: Codec<unknown>; readonly min: number; readonly max: number }
  | { readonly kind: 'struct'; readonly fields: readonly (readonly [string, Codec<unknown>])[] }
  | {
      readonly kind: 'select'
      readonly tag: string
      readonly size: number
      readonly cases: ReadonlyMap<number, readonly [string, Codec<unknown>]>
    }
  | { readonly kind: 'extensions'; readonly message: string }

/** Decodes the whole of `bytes`: what is left over is an error. Throws `DecodeError`. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array, what: string): T {
  const reader = new Reader(bytes)
  const value = codec.read(reader)
  reader.finish(what)
  return value
}

export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const writer = new Writer()
  codec.write(writer, value)
  return writer.finish()
}

function uint(size: number): Codec<number> {
  return {
    shape: { kind: 'uint', size },
    read: reader => reader.uint(size),
    write: (writer, value) => writer.uint(size, value),
  }
}

export const uint8 = uint(1)
export const uint16 = uint(2)
export const uint24 = uint(3)
export const uint32 = uint(4)

/** `opaque name[size]` */
export function fixed(size: number): Codec<Uint8Array> {
  return {
    shape: { kind: 'fixed', size },
    read: reader => reader.take(size),
    write: (writer, value) => {
      if (value.length !== size) throw new TypeError(`${size} bytes expected, ${value.length} given`)
      writer.append(value)
    },
  }
}

/** `opaque name<min..max>` */
export function opaque(min: number, max: number): Codec<Uint8Array> {
  const width = widthOf(max)
  return {
    shape: { kind: 'opaque', min, max },
    read: reader => {
      const length = inRange(reader.uint(width), min, max)
      return reader.take(length)
    },
    write: (writer, value) => {
      writable(value.length, min, max)
      writer.prefixed(width, () => writer.append(value))
    },
  }
}

/** All that is left of what encloses it. */
export const remaining: Codec<Uint8Array> = {
  shape: { kind: 'remaining' },
  read: reader => reader.take(reader.remaining),
  write: (writer, value) => writer.append(value),
}

/** `T name<min..max>`, the bounds in bytes. */
export function vector<T>(item: Codec<T>, min: number, max: number): Codec<readonly T[]> {
  const width = widthOf(max)
  return {
    shape: { kind: 'vector', item, min, max },
    read: reader => {
      const inner = reader.sub(inRange(reader.uint(width), min, max))
      const items: T[] = []
      while (inner.remaining > 0) items.push(inner.named(items.length, () => item.read(inner)))
      return items
    },
    write: (writer, items) => {
      const length = writer.prefixed(width, () => {
        for (const value of items) item.write(writer, value)
      })
      writable(length, min, max)
    },
  }
}

type Fields = Readonly<Record<string, Codec<unknown>>>
type StructOf<F extends Fields> = { readonly [K in keyof F]: Infer<F[K]> }

export function struct<F extends Fields>(fields: F): Codec<StructOf<F>> {
  const entries = Object.entries(fields)
  return {
    shape: { kind: 'struct', fields: entries },
    read: reader => Object.fromEntries(entries.map(([name, codec]) => [name, reader.named(name, () => codec.read(reader))])) as StructOf<F>,
    write: (writer, value) => {
      for (const [name, codec] of entries) codec.write(writer, value[name])
    },
  }
}

/** `struct {}` */
export const empty = struct({})

/** A tag of one byte, called `tag`, that decides what follows. A tag without a case can't be read past: it is an error. */
export function select<Tag extends string, const C extends Arms>(tag: Tag, cases: C): Codec<SelectOf<Tag, C>> {
  const table = new Map(Object.entries(cases).map(([code, arm]) => [Number(code), arm]))
  return {
    shape: { kind: 'select', tag, size: 1, cases: table },
    read: reader => {
      const code = reader.named(tag, () => reader.uint(1))
      const arm = table.get(code)
      if (!arm) throw new DecodeError(`${tag} ${code} is not known`)
      return { [tag]: code, [arm[0]]: reader.named(arm[0], () => arm[1].read(reader)) } as SelectOf<Tag, C>
    },
    write: (writer, value) => {
      const fields: Readonly<Record<string, unknown>> = value
      const code = fields[tag] as number
      const arm = table.get(code)
      if (!arm) throw new TypeError(`${tag} ${code} is not known`)
      writer.uint(1, code)
      arm[1].write(writer, fields[arm[0]])
    },
  }
}

type Arms = Readonly<Record<number, readonly [string, Codec<unknown>]>>
type SelectOf<Tag extends string, C extends Arms> = {
  [K in keyof C & number]: { readonly [T in Tag]: number } & { readonly [N in C[K][0]]: Infer<C[K][1]> }
}[keyof C & number]

/** How many bytes the length of a vector takes whose ceiling is `max`. */
function widthOf(max: number): number {
  return max < 0x100 ? 1 : max < 0x10000 ? 2 : 3
}

function inRange(length: number, min: number, max: number): number {
  if (length < min || length > max) throw new DecodeError(`length ${length} is not within ${min}..${max}`)
  return length
}

function writable(length: number, min: number, max: number): void {
  if (length < min || length > max) throw new TypeError(`length ${length} is not within ${min}..${max}`)
}
