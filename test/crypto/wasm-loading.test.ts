/** When the WebAssembly provider is served by what it is named after. Each test loads the modules anew: they remember what they compiled. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { WasmModule, WebAssemblyApi } from '../../src/crypto/wasm/kernels.ts'

const random = (size: number): Uint8Array => new Uint8Array(size).fill(7)
const real = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly

/** A runtime whose WebAssembly differs in some members. */
function stub(members: Record<string, unknown>): void {
  const { Module, Instance } = real
  vi.stubGlobal('WebAssembly', {
    Module,
    Instance,
    validate: (bytes: Uint8Array) => real.validate(bytes),
    compile: (bytes: Uint8Array) => real.compile(bytes),
    instantiate: (module: WasmModule) => real.instantiate(module),
    ...members,
  })
}

class Refused {
  constructor() {
    throw new Error('refused')
  }
}
const refuse = () => Promise.reject(new Error('refused'))

const load = () => import('../../src/crypto/wasm.ts')

beforeEach(() => {
  vi.resetModules()
})
afterEach(() => {
  vi.unstubAllGlobals()
})

it('compiles nothing while it is loaded, and once for all providers', async () => {
  let compiled = 0
  class Counted extends real.Module {
    constructor(bytes: Uint8Array) {
      super(bytes)
      compiled++
    }
  }
  stub({ Module: Counted })
  const { createWasmProvider } = await load()
  expect(compiled).toBe(0)
  expect([createWasmProvider({ random }).name, createWasmProvider({ random }).name, compiled]).toEqual(['wasm', 'wasm', 1])
})

it('is noble where there is no WebAssembly', async () => {
  vi.stubGlobal('WebAssembly', undefined)
  const { createWasmProvider, loadWasm, wasmBytes } = await load()
  expect(createWasmProvider({ random }).name).toBe('noble')
  expect([await loadWasm(), await loadWasm({}), createWasmProvider({ random }).name]).toEqual([false, false, 'noble'])
  expect(real.validate(wasmBytes())).toBe(true)
})

it('is noble where WebAssembly has no SIMD, and compiles nothing there', async () => {
  const wrong = () => {
    throw new Error('compiled what is not valid')
  }
  stub({ validate: () => false, Module: wrong, compile: wrong })
  const { createWasmProvider, loadWasm } = await load()
  expect([createWasmProvider({ random }).name, await loadWasm(), createWasmProvider({ random }).name]).toEqual(['noble', false, 'noble'])
})

it('is noble where compiling is refused in line and in the background', async () => {
  stub({ Module: Refused, compile: refuse })
  const { createWasmProvider, loadWasm } = await load()
  expect([createWasmProvider({ random }).name, await loadWasm(), createWasmProvider({ random }).name]).toEqual(['noble', false, 'noble'])
})

it('is wasm after loading in the background where compiling in line is refused', async () => {
  stub({ Module: Refused, Instance: Refused })
  const { createWasmProvider, loadWasm } = await load()
  const before = createWasmProvider({ random })
  expect([before.name, await loadWasm(), await loadWasm(), createWasmProvider({ random }).name]).toEqual(['noble', true, true, 'wasm'])
  const [cipher] = createWasmProvider({ random }).cipherSuites
  const [nonce, text, out]: [Uint8Array, Uint8Array, Uint8Array[]] = [new Uint8Array(12), new Uint8Array(50).fill(1), []]
  cipher?.aead.key(new Uint8Array(32)).seal(nonce, text, [text], out)
  const [twin] = before.cipherSuites
  expect(twin?.aead.key(new Uint8Array(32)).open(nonce, text, out[0]!)).toEqual(text)
})

it('is wasm with a module that the host compiled, where nothing else may be', async () => {
  stub({ Module: Refused, Instance: Refused, compile: refuse })
  const { createWasmProvider, loadWasm, wasmBytes } = await load()
  expect([await loadWasm(new real.Module(wasmBytes())), createWasmProvider({ random }).name]).toEqual([true, 'wasm'])
})

it('refuses a module of another kind', async () => {
  const { loadWasm } = await load()
  const empty = new real.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]))
  await expect(loadWasm(empty)).rejects.toThrow(TypeError)
})

it('goes on with one set of kernels where it is loaded twice', async () => {
  const { createWasmProvider, loadWasm, wasmBytes } = await load()
  const { kernels } = await import('../../src/crypto/wasm/kernels.ts')
  const loading = [loadWasm(), loadWasm(new real.Module(wasmBytes()))]
  const first = kernels()
  const both = await Promise.all(loading)
  expect([both, createWasmProvider({ random }).name]).toEqual([[true, true], 'wasm'])
  expect([await loadWasm(), kernels() === first]).toEqual([true, true])
})
