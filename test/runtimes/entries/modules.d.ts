// What is used of the modules that workerd has, or is given by its configuration.

declare module 'tassel.wasm' {
  /** The `WebAssembly.Module` of `wasmBytes()`. */
  const module: object
  export default module
}

declare module 'cloudflare:sockets' {
  interface Socket {
    readonly readable: ReadableStream<Uint8Array>
    readonly writable: WritableStream<Uint8Array>
    close(): Promise<void>
  }
  export function connect(address: { readonly hostname: string; readonly port: number }): Socket
}
