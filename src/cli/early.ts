/** `--early-data`: what goes before the handshake, and again behind it where the server did not take it. */
import type { TlsStream } from '../node/index.ts'

export interface EarlySending {
  /** Final once the stream is connected. */
  readonly outcome: 'accepted' | 'rejected'
  /** How many bytes went early. */
  readonly bytes: number
  /** What is still to be sent, once the stream is connected. */
  readonly rest: Uint8Array
}

/** Sends as much of `data` early as the session allows, which may be nothing: that counts as rejected. */
export function sendEarly(stream: TlsStream, data: Uint8Array): EarlySending {
  const bytes = stream.sendEarly(data)
  const sending = { outcome: 'rejected' as 'accepted' | 'rejected', bytes, rest: data.subarray(bytes) }
  if (bytes === 0) return sending
  stream.once('earlyDataResult', (accepted: boolean, unsent: Uint8Array) => {
    if (accepted) sending.outcome = 'accepted'
    sending.rest = data.subarray(bytes - unsent.length)
  })
  return sending
}
