/** The suite where there is what the web has: WebCrypto's random source, timers and WHATWG streams, and WebAssembly that may be compiled. */
import { type Result, runSuite } from '../suite/main.ts'

export function runHere(): Promise<Result[]> {
  return runSuite({ random: size => crypto.getRandomValues(new Uint8Array(size)), now: Date.now, providerName: 'wasm', streams: true })
}
