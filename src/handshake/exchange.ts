/** What the phases of one handshake share, and the ways in which they speak and listen. */
import { constantTimeEqual } from '../crypto/constant-time.ts'
import type { Hash } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import { finishedMac } from '../schedule/key-schedule.ts'
import type { Transcript } from '../schedule/transcript.ts'
import { type Body, encodeMessage, type Message, type MessageName } from '../wire/messages.ts'
import { type Dialogue, expect, type Io } from './dialogue.ts'
import type { CommonSettings } from './settings.ts'

export interface Exchange<S extends CommonSettings = CommonSettings> {
  readonly settings: S
  readonly io: Io
  readonly transcript: Transcript
  /** `random` of the ClientHello: what the key log files secrets under. */
  readonly clientRandom: Uint8Array
}

/** The next message, which goes into the transcript. */
export function* hear<K extends MessageName>(exchange: Exchange, ...names: readonly K[]): Dialogue<Message<K>> {
  const message: Message<K> = yield* expect(...names)
  exchange.transcript.add(message.bytes)
  return message
}

/** Sends a message, which goes into the transcript. */
export function say<K extends MessageName>(exchange: Exchange, name: K, body: Body<K>): void {
  const message = encodeMessage(name, body)
  exchange.transcript.add(message.bytes)
  exchange.io.send(name, message.bytes)
}

/** The peer's Finished under its handshake traffic secret (RFC 9846 §4.5.3). */
export function* hearFinished(exchange: Exchange, hash: Hash, secret: Uint8Array): Dialogue<void> {
  const wanted = finishedMac(hash, secret, exchange.transcript.digest())
  const { body } = yield* hear(exchange, 'finished')
  if (body.verify_data.length !== hash.size) {
    throw new TlsError('decode-error', `verify_data has ${body.verify_data.length} bytes, not ${hash.size}`)
  }
  if (!constantTimeEqual(body.verify_data, wanted)) throw new TlsError('bad-finished', 'verify_data does not fit the handshake')
}

export function sayFinished(exchange: Exchange, hash: Hash, secret: Uint8Array): void {
  say(exchange, 'finished', { verify_data: finishedMac(hash, secret, exchange.transcript.digest()) })
}
