/** Where test data is: values that a standard publishes in `vectors/`, the rest beside the repository or in `TASSEL_VECTORS`. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { field, type Trace, traces } from './schedule/rfc8448.ts'

export function traceOf(section: number): Trace {
  const trace = traces.find(each => each.section === section)
  if (!trace) throw new Error(`RFC 8448 has no trace in section ${section}`)
  return trace
}

/** The server's certificate of a section of RFC 8448, DER. */
export function rfcCertificate(section: number): Uint8Array {
  const step = traceOf(section).steps.find(each => each.op === 'construct a Certificate handshake message')
  if (!step) throw new Error(`section ${section} has no Certificate`)
  const message = field(step, 'Certificate')
  return message.subarray(11, 11 + ((message[9] ?? 0) << 8) + (message[10] ?? 0))
}

/** The folder of the shared test data, or `undefined` where it is absent. */
export function sharedVectors(): string | undefined {
  const folder = process.env.TASSEL_VECTORS ?? fileURLToPath(new URL('../../shared/vectors', import.meta.url))
  return existsSync(folder) ? folder : undefined
}
