/** Application protocols, as Node.js takes them: a list, or the bytes of the extension. */
import { bytesOf, coded, invalidValue } from './errors.ts'

export type AlpnProtocols = readonly (string | Uint8Array)[] | ArrayBufferView

/** Puts the wire format of `protocols` (each with its length before it) into `out.ALPNProtocols`. */
export function convertALPNProtocols(protocols: AlpnProtocols, out: { ALPNProtocols?: Buffer }): void {
  if (Array.isArray(protocols)) out.ALPNProtocols = encode(protocols)
  else if (ArrayBuffer.isView(protocols)) {
    out.ALPNProtocols = Buffer.from(bytesOf(protocols))
  }
}

/** The names in `protocols`, each a character a byte, as the engine takes them. */
export function protocolNames(protocols: AlpnProtocols | undefined): readonly string[] {
  const out: { ALPNProtocols?: Buffer } = {}
  if (protocols !== undefined) convertALPNProtocols(protocols, out)
  return decode(out.ALPNProtocols ?? Buffer.alloc(0))
}

function encode(protocols: readonly (string | Uint8Array)[]): Buffer {
  const parts = protocols.map((protocol, i) => {
    const name = Buffer.from(protocol)
    if (name.length <= 255) return Buffer.concat([Buffer.of(name.length), name])
    throw coded(new RangeError(`the protocol at index ${i} has ${name.length} bytes, and may have 255`), 'ERR_OUT_OF_RANGE')
  })
  return Buffer.concat(parts)
}

function decode(wire: Buffer): readonly string[] {
  const names: string[] = []
  for (let at = 0; at < wire.length; ) {
    const end = at + 1 + (wire[at] ?? 0)
    if (end === at + 1 || end > wire.length) throw invalidValue('ALPNProtocols', 'names of 1 to 255 bytes, each behind its length', wire)
    names.push(wire.toString('latin1', at + 1, end))
    at = end
  }
  return [...new Set(names)]
}
