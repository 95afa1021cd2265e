/** The WebAssembly module in use: one instance for all keys, made once, with memory that never grows. */
import { AesContexts } from './contexts.ts'
import { moduleBase64 } from './module.ts'

/** The steps of an AEAD. Only one message is under way at a time, from `begin` to `wipe`; `context` is where the key is. */
export interface Cipher {
  /** Seals the text in place, after the additional data at its address; the tag comes behind it. Wipes. */
  seal(context: number, aadLength: number, length: number): void
  /** 1 where the tag behind the text fits, which is then opened in place; otherwise 0, and the text stays as it is. Wipes. */
  open(context: number, aadLength: number, length: number): number
  /** Begins a message that is too long for one call, under the nonce at its address. */
  begin(context: number): void
  /** Takes bytes at an address into the tag: first all the additional data, then all the ciphertext, each but its end in whole blocks of 16. */
  absorb(context: number, address: number, length: number): void
  /** En- or decrypts the text in place; all calls of a message but the last with whole blocks of 16. */
  crypt(context: number, length: number): void
  /** Leaves the tag at the text's address, given the lengths of all the additional data and the text. */
  end(context: number, aadLength: number, length: number): void
  /** Overwrites whatever depends on the message, and the key where it lies at `layout.key`. */
  wipe(context: number): void
}

/** Addresses and sizes in bytes. */
export interface Layout {
  readonly text: number
  readonly textCapacity: number
  readonly aad: number
  readonly aadCapacity: number
  readonly nonce: number
  readonly key: number
  /** The key of a MAC, at most 64 bytes. */
  readonly macKey: number
  /** Where expanded AES keys are kept: so many, each of so many bytes. */
  readonly contexts: number
  readonly contextSize: number
  readonly contextCount: number
}

export interface Kernels {
  /** The whole memory. */
  readonly memory: Uint8Array
  readonly layout: Layout
  readonly aesGcm: Cipher
  /** The context is the key itself, at `layout.key`. */
  readonly chacha20Poly1305: Cipher
  /** The contexts of AES-GCM. They belong to the memory: whoever uses it has to know all who hold one. */
  readonly aesContexts: AesContexts
  /** Leaves the MAC of the text in its place, and wipes text and key. The key has at most 64 bytes. */
  hmacSha256(keyLength: number, length: number): void
}

/** A `WebAssembly.Module`, which not every set of types knows. */
export type WasmModule = object

/** What is used of the global `WebAssembly`, which these types don't know either. */
export interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => WasmModule
  readonly Instance: new (module: WasmModule) => { readonly exports: unknown }
  validate(bytes: Uint8Array): boolean
  compile(bytes: Uint8Array): Promise<WasmModule>
  instantiate(module: WasmModule): Promise<{ readonly exports: unknown }>
}

let shared: Kernels | undefined
let refused = false

/** The kernels; compiled at the first call. `undefined` where the runtime has no WebAssembly with SIMD, or does not let it be compiled here. */
export function kernels(): Kernels | undefined {
  if (shared !== undefined || refused) return shared
  try {
    const { api, bytes } = compilable() ?? {}
    if (api && bytes) share(new api.Instance(new api.Module(bytes)))
  } catch {
    // A policy of the page, or a browser that compiles no module of this size in line.
  }
  refused = shared === undefined
  return shared
}

/**
 * Has the kernels ready where `kernels` may not compile: compiles in the background, or takes a module that the host compiled. Whether they
 * are there now. Rejects with `TypeError` where `module` is not made of `moduleBytes()`.
 */
export async function loadKernels(module?: WasmModule): Promise<boolean> {
  if (shared !== undefined) return true
  if (module !== undefined) return loadModule(module)
  try {
    const { api, bytes } = compilable() ?? {}
    if (api && bytes) share(await api.instantiate(await api.compile(bytes)))
  } catch {
    // As above: noble serves.
  }
  return shared !== undefined
}

/** The module itself, for a host that compiles it. */
export function moduleBytes(): Uint8Array {
  return fromBase64(moduleBase64)
}

async function loadModule(module: WasmModule): Promise<boolean> {
  const api = webAssembly()
  if (api === undefined) return false
  share(await api.instantiate(module))
  return true
}

/** The first one stays: whoever was given its kernels uses its memory. */
function share({ exports }: { readonly exports: unknown }): void {
  shared ??= kernelsOf(exports)
}

function compilable(): { readonly api: WebAssemblyApi; readonly bytes: Uint8Array } | undefined {
  const api = webAssembly()
  if (api === undefined) return undefined
  const bytes = moduleBytes()
  // False where SIMD is missing.
  return api.validate(bytes) ? { api, bytes } : undefined
}

function webAssembly(): WebAssemblyApi | undefined {
  return (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly
}

type Exports = Readonly<Record<string, unknown>>

function kernelsOf(exports: unknown): Kernels {
  const all = exports as Exports
  const memory = new Uint8Array(take<{ readonly buffer: ArrayBuffer }>(all, 'memory').buffer)
  const layout = layoutOf(all)
  return {
    memory,
    layout,
    aesGcm: cipherOf(all, 'gcm'),
    chacha20Poly1305: cipherOf(all, 'chacha'),
    aesContexts: new AesContexts({ memory, layout, expandAesKey: take(all, 'gcmKey'), forgetAesKey: take(all, 'gcmForget') }),
    hmacSha256: take(all, 'hmacSha256'),
  }
}

function layoutOf(exports: Exports): Layout {
  return {
    text: numberOf(exports, 'textAddress'),
    textCapacity: numberOf(exports, 'textCapacity'),
    aad: numberOf(exports, 'aadAddress'),
    aadCapacity: numberOf(exports, 'aadCapacity'),
    nonce: numberOf(exports, 'nonceAddress'),
    key: numberOf(exports, 'keyAddress'),
    macKey: numberOf(exports, 'macKeyAddress'),
    contexts: numberOf(exports, 'contextsAddress'),
    contextSize: numberOf(exports, 'contextSize'),
    contextCount: numberOf(exports, 'contexts'),
  }
}

function cipherOf(exports: Exports, prefix: string): Cipher {
  return {
    seal: take(exports, `${prefix}Seal`),
    open: take(exports, `${prefix}Open`),
    begin: take(exports, `${prefix}Begin`),
    absorb: take(exports, `${prefix}Absorb`),
    crypt: take(exports, `${prefix}Crypt`),
    end: take(exports, `${prefix}End`),
    wipe: take(exports, `${prefix}Wipe`),
  }
}

function numberOf(exports: Exports, name: string): number {
  return take<{ readonly value: number }>(exports, name).value
}

function take<T>(exports: Exports, name: string): T {
  const value = exports[name]
  if (value === undefined) throw new TypeError(`The module is not the one of moduleBytes(): it has no ${name}`)
  return value as T
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** By hand: not every runtime has `atob`. Four characters at a time, since this runs once, before the language's own compiler sets in. */
function fromBase64(text: string): Uint8Array {
  const values = new Uint8Array(128)
  for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i
  const bytes = new Uint8Array((text.length / 4) * 3)
  const at = (i: number): number => values[text.charCodeAt(i)] as number
  for (let i = 0, to = 0; i < text.length; i += 4) {
    const bits = (at(i) << 18) | (at(i + 1) << 12) | (at(i + 2) << 6) | at(i + 3)
    bytes[to++] = bits >> 16
    bytes[to++] = bits >> 8
    bytes[to++] = bits
  }
  // The padding has the value 0, and makes no bytes.
  const end = text.indexOf('=')
  return end === -1 ? bytes : bytes.slice(0, end - text.length)
}
