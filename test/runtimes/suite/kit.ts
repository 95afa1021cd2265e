/** What a test of the suite is, and how it says what is wrong: nothing here but the language, for engines that have nothing else. */
import type { CryptoProvider } from '../../../src/crypto/provider.ts'
import { TlsError } from '../../../src/error.ts'
import { concat, toHex } from '../../../src/wire/bytes.ts'

/** What the suite is given of its runtime. */
export interface World {
  /** `size` bytes from a cryptographically secure source. */
  readonly random: (size: number) => Uint8Array
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** The portable provider on that source. */
  readonly provider: CryptoProvider
  /** What the provider has to be here: whether WebAssembly runs is a fact about the runtime. */
  readonly providerName: 'wasm' | 'noble'
}

export interface RuntimeTest {
  /** A sentence. */
  readonly name: string
  run(world: World): void | Promise<void>
}

/** Throws where `condition` does not hold. `what`: what should have been. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(what)
}

/** Throws where the two differ: numbers, texts, byte strings, lists and plain objects of these. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [is, wanted] = [textOf(actual), textOf(expected)]
  if (is !== wanted) throw new Error(`${what}: ${shortened(is)} instead of ${shortened(wanted)}`)
}

/** Throws unless `error` is a `TlsError` of this code. */
export function failure(error: unknown, code: string, what: string): asserts error is TlsError {
  if (!(error instanceof TlsError)) throw new Error(`${what}: ${String(error)} instead of ${code}`)
  same(error.code, code, `${what}: ${error.message}`)
}

/** What a promise ends with, as something to look at. */
export async function outcome(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work
  } catch (error) {
    return error
  }
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))
}

/** Bytes that differ from place to place. */
export function pattern(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 0xff)
}

/** Where the two first differ, or which is longer: for what is too long to print. */
export function sameBytes(actual: readonly Uint8Array[], expected: Uint8Array, what: string): void {
  const bytes = concat(...actual)
  same(bytes.length, expected.length, `the length of ${what}`)
  const at = bytes.findIndex((byte, i) => byte !== expected[i])
  assert(at === -1, `${what} differs at ${at}`)
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (each instanceof Uint8Array ? toHex(each) : each === undefined ? 'undefined' : each))
}

function shortened(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`
}
