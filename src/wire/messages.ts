/** The handshake messages (RFC 9846 §4), one description each. */
import { equal, type Field, type Notes, Reader, Writer } from './bytes.ts'
import { type Codec, empty, fixed, type Infer, opaque, remaining, struct, uint8, uint16, uint24, uint32, vector } from './codec.ts'
import { DecodeError } from './error.ts'
import { type Carrier, type Extension, extensionsOf, extensionTable } from './extensions.ts'

/** `Random` of a ServerHello that is a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 9846 §4.2.3). */
export const retryRandom: Uint8Array = Uint8Array.of(
  ...[0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91],
  ...[0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c],
)

/** A ClientHello from before TLS 1.3 may end where the extensions would begin (RFC 9846 §4.2.2). */
function mayBeAbsent<T>(codec: Codec<readonly T[]>): Codec<readonly T[]> {
  return { ...codec, read: reader => (reader.remaining === 0 ? [] : codec.read(reader)) }
}

const clientHello = struct({
  legacy_version: uint16,
  random: fixed(32),
  legacy_session_id: opaque(0, 32),
  cipher_suites: vector(uint16, 2, 0xfffe),
  legacy_compression_methods: vector(uint8, 1, 0xff),
  extensions: mayBeAbsent(extensionsOf('client_hello')),
})

function serverHello<M extends 'server_hello' | 'hello_retry_request'>(message: M) {
  return struct({
    legacy_version: uint16,
    random: fixed(32),
    legacy_session_id_echo: opaque(0, 32),
    cipher_suite: uint16,
    legacy_compression_method: uint8,
    extensions: unlessOlder(extensionsOf(message)),
  })
}

/**
 * A client looks for supported_versions before anything else (RFC 9846 §4.3.1). A ServerHello without it is of an older version: its
 * extensions may be absent, and follow other rules, so that they are told apart but not read.
 */
function unlessOlder<M extends Carrier>(codec: Codec<readonly Extension<M>[]>): Codec<readonly Extension<M>[]> {
  return {
    ...codec,
    read: reader => {
      if (reader.remaining === 0) return []
      const ahead = new Reader(reader.bytes, { from: reader.position, to: reader.end })
      const unread = anyExtensions.read(ahead)
      if (unread.some(({ type }) => type === extensionTable.supported_versions.type)) return codec.read(reader)
      reader.position = ahead.position
      return unread.map(each => ({ name: undefined, ...each }))
    },
  }
}

const anyExtensions = vector(struct({ type: uint16, value: opaque(0, 0xffff) }), 0, 0xffff)

const certificateEntry = struct({ cert_data: opaque(1, 0xffffff), extensions: extensionsOf('certificate') })

export const messageTable = {
  client_hello: { type: 1, codec: clientHello },
  server_hello: { type: 2, codec: serverHello('server_hello') },
  hello_retry_request: { type: 2, codec: serverHello('hello_retry_request') },
  new_session_ticket: {
    type: 4,
    codec: struct({
      ticket_lifetime: uint32,
      ticket_age_add: uint32,
      ticket_nonce: opaque(0, 0xff),
      ticket: opaque(1, 0xffff),
      extensions: extensionsOf('new_session_ticket'),
    }),
  },
  end_of_early_data: { type: 5, codec: empty },
  encrypted_extensions: { type: 8, codec: struct({ extensions: extensionsOf('encrypted_extensions') }) },
  certificate: {
    type: 11,
    codec: struct({ certificate_request_context: opaque(0, 0xff), certificate_list: vector(certificateEntry, 0, 0xffffff) }),
  },
  certificate_request: {
    type: 13,
    codec: struct({ certificate_request_context: opaque(0, 0xff), extensions: extensionsOf('certificate_request') }),
  },
  certificate_verify: { type: 15, codec: struct({ algorithm: uint16, signature: opaque(0, 0xffff) }) },
  finished: { type: 20, codec: struct({ verify_data: remaining }) },
  key_update: { type: 24, codec: struct({ request_update: uint8 }) },
  compressed_certificate: {
    type: 25,
    codec: struct({ algorithm: uint16, uncompressed_length: uint24, compressed_certificate_message: opaque(1, 0xffffff) }),
  },
} as const satisfies Record<string, { readonly type: number; readonly codec: Codec<unknown> }>

export type MessageName = keyof typeof messageTable
export type Body<K extends MessageName> = Infer<(typeof messageTable)[K]['codec']>
export type ClientHello = Body<'client_hello'>
export type ServerHello = Body<'server_hello'>
export type HelloRetryRequest = Body<'hello_retry_request'>
export type CertificateEntry = Infer<typeof certificateEntry>

/** A handshake message: its name, its fields, and the octets that it had, header and all. */
export type Message<K extends MessageName = MessageName> = {
  [N in K]: { readonly name: N; readonly body: Body<N>; readonly bytes: Uint8Array }
}[K]

/** Bytes of the header: `msg_type` and `length`. */
export const headerSize = 4

/** The name of a whole message, or `undefined` for a type that this engine does not know. Looks into a ServerHello for the retry's random. */
export function nameOfMessage(bytes: Uint8Array): MessageName | undefined {
  if (bytes[0] !== messageTable.server_hello.type) return names.get(bytes[0] ?? 0)
  return equal(bytes.subarray(headerSize + 2, headerSize + 34), retryRandom) ? 'hello_retry_request' : 'server_hello'
}

/** Decodes a whole message, header included. Throws `DecodeError`. */
export function decodeMessage<K extends MessageName>(name: K, bytes: Uint8Array): Message<K> {
  return { name, body: readMessage(name, bytes), bytes } as Message<K>
}

export function encodeMessage<K extends MessageName>(name: K, body: Body<K>): Message<K> {
  const { type, codec }: { readonly type: number; readonly codec: Codec<unknown> } = messageTable[name]
  const writer = new Writer()
  writer.uint(1, type)
  writer.prefixed(3, () => codec.write(writer, body))
  return { name, body, bytes: writer.finish() } as Message<K>
}

/** Where every field of a message lies, offsets into `bytes`; as far as it can be read. */
export function annotateMessage(bytes: Uint8Array): readonly Field[] {
  const notes: Notes = { fields: [], path: '' }
  const name = nameOfMessage(bytes)
  try {
    if (name !== undefined) readMessage(name, bytes, notes)
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
  }
  return notes.fields
}

function readMessage(name: MessageName, bytes: Uint8Array, notes?: Notes): unknown {
  const reader = new Reader(bytes, { notes })
  reader.named('msg_type', () => reader.uint(1))
  const length = reader.named('length', () => reader.uint(3))
  const body = reader.sub(length)
  reader.finish(name)
  const value = messageTable[name].codec.read(body)
  body.finish(name)
  return value
}

const names = new Map(Object.entries(messageTable).map(([name, { type }]) => [type as number, name as MessageName]))
