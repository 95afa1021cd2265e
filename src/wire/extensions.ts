/**
 * The extensions of TLS 1.3 (RFC 9846 §4.3): code point, and for each message that may carry it, what is in it. An extension that is
 * repeated, or known and in the wrong message, is refused here, for all messages at once.
 */
import type { Reader, Writer } from './bytes.ts'
import {
  type Codec,
  decode,
  empty,
  encode,
  type Infer,
  opaque,
  remaining,
  type Shape,
  select,
  struct,
  uint8,
  uint16,
  uint32,
  vector,
} from './codec.ts'
import { DecodeError } from './error.ts'

/** The messages that carry extensions. */
export type Carrier =
  | 'client_hello'
  | 'server_hello'
  | 'hello_retry_request'
  | 'encrypted_extensions'
  | 'certificate'
  | 'certificate_request'
  | 'new_session_ticket'

const codePoints = vector(uint16, 2, 0xfffe)
const protocolNames = vector(opaque(1, 0xff), 2, 0xffff)
const certificateTypes = vector(uint8, 1, 0xff)
const certificateStatus = struct({ status_type: uint8, response: opaque(1, 0xffffff) })
const signedTimestamps = vector(opaque(1, 0xffff), 1, 0xffff)
const distinguishedNames = vector(opaque(1, 0xffff), 3, 0xffff)

export const hostName = 0
const serverName = select('name_type', { [hostName]: ['host_name', opaque(1, 0xffff)] })
const keyShareEntry = struct({ group: uint16, key_exchange: opaque(1, 0xffff) })
const pskIdentity = struct({ identity: opaque(1, 0xffff), obfuscated_ticket_age: uint32 })
const offeredPsks = struct({ identities: vector(pskIdentity, 7, 0xffff), binders: vector(opaque(32, 0xff), 33, 0xffff) })
const oidFilter = struct({ certificate_extension_oid: opaque(1, 0xff), certificate_extension_values: opaque(0, 0xffff) })

/** `remaining` marks contents that this engine carries but does not read. */
export const extensionTable = {
  server_name: {
    type: 0,
    in: { client_hello: vector(serverName, 1, 0xffff), encrypted_extensions: empty, certificate_request: remaining },
  },
  status_request: { type: 5, in: { client_hello: remaining, certificate_request: remaining, certificate: certificateStatus } },
  supported_groups: { type: 10, in: { client_hello: codePoints, encrypted_extensions: codePoints } },
  signature_algorithms: { type: 13, in: { client_hello: codePoints, certificate_request: codePoints } },
  use_srtp: { type: 14, in: { client_hello: remaining, encrypted_extensions: remaining } },
  heartbeat: { type: 15, in: { client_hello: remaining, encrypted_extensions: remaining } },
  application_layer_protocol_negotiation: { type: 16, in: { client_hello: protocolNames, encrypted_extensions: protocolNames } },
  signed_certificate_timestamp: {
    type: 18,
    in: { client_hello: remaining, certificate_request: remaining, certificate: signedTimestamps },
  },
  client_certificate_type: { type: 19, in: { client_hello: certificateTypes, encrypted_extensions: uint8 } },
  server_certificate_type: { type: 20, in: { client_hello: certificateTypes, encrypted_extensions: uint8 } },
  padding: { type: 21, in: { client_hello: remaining } },
  compress_certificate: { type: 27, in: { client_hello: vector(uint16, 2, 0xfe), certificate_request: vector(uint16, 2, 0xfe) } },
  record_size_limit: { type: 28, in: { client_hello: uint16, encrypted_extensions: uint16 } },
  pre_shared_key: { type: 41, in: { client_hello: offeredPsks, server_hello: uint16 } },
  early_data: { type: 42, in: { client_hello: empty, encrypted_extensions: empty, new_session_ticket: uint32 } },
  supported_versions: { type: 43, in: { client_hello: vector(uint16, 2, 254), server_hello: uint16, hello_retry_request: uint16 } },
  cookie: { type: 44, in: { client_hello: opaque(1, 0xffff), hello_retry_request: opaque(1, 0xffff) } },
  psk_key_exchange_modes: { type: 45, in: { client_hello: vector(uint8, 1, 0xff) } },
  certificate_authorities: { type: 47, in: { client_hello: distinguishedNames, certificate_request: distinguishedNames } },
  oid_filters: { type: 48, in: { certificate_request: vector(oidFilter, 0, 0xffff) } },
  post_handshake_auth: { type: 49, in: { client_hello: empty } },
  signature_algorithms_cert: { type: 50, in: { client_hello: codePoints, certificate_request: codePoints } },
  key_share: { type: 51, in: { client_hello: vector(keyShareEntry, 0, 0xffff), server_hello: keyShareEntry, hello_retry_request: uint16 } },
} as const satisfies Record<string, { readonly type: number; readonly in: Partial<Record<Carrier, Codec<unknown>>> }>

type Table = typeof extensionTable
export type ExtensionName = keyof Table

type CodecIn<N extends ExtensionName, M extends Carrier> = M extends keyof Table[N]['in'] ? Table[N]['in'][M] : never
/** What the extension `N` holds in the message `M`. */
export type ExtensionValue<N extends ExtensionName, M extends Carrier> = Infer<CodecIn<N, M>>
/** The names of the extensions that `M` may carry. */
export type NameIn<M extends Carrier> = { [N in ExtensionName]: M extends keyof Table[N]['in'] ? N : never }[ExtensionName]

/** An extension of the message `M`; one that this engine does not know has the name `undefined`. */
export type Extension<M extends Carrier> =
  | { [N in NameIn<M>]: { readonly name: N; readonly type: number; readonly value: ExtensionValue<N, M> } }[NameIn<M>]
  | { readonly name: undefined; readonly type: number; readonly value: Uint8Array }

/** Makes an extension by its name. */
export function extension<M extends Carrier, N extends NameIn<M>>(_message: M, name: N, value: ExtensionValue<N, M>): Extension<M> {
  const made: { name: ExtensionName; type: number; value: unknown } = { name, type: extensionTable[name].type, value }
  return made as Extension<M>
}

/** The value of the extension `name`, or `undefined` where the message does not carry it. */
export function find<M extends Carrier, N extends NameIn<M>>(
  extensions: readonly Extension<M>[],
  name: N,
): ExtensionValue<N, M> | undefined {
  return extensions.find(each => each.name === name)?.value as ExtensionValue<N, M> | undefined
}

/** `Extension extensions<min..2^16-1>` of one message. */
export function extensionsOf<M extends Carrier>(message: M): Codec<readonly Extension<M>[]> {
  const shape: Shape = { kind: 'extensions', message }
  return {
    shape,
    read: reader => {
      const block = reader.sub(reader.uint(2))
      const extensions: Extension<M>[] = []
      const seen = new Set<number>()
      while (block.remaining > 0) {
        const read = readExtension(block, message)
        if (seen.has(read.type)) throw new DecodeError(`extension ${read.name ?? read.type} is repeated`, 'repeated-extension')
        seen.add(read.type)
        extensions.push(read)
      }
      return extensions
    },
    write: (writer, extensions) => {
      writer.prefixed(2, () => {
        for (const each of extensions) writeExtension(writer, message, each)
      })
    },
  }
}

/** The contents of one extension as bytes. */
export function encodeExtension<M extends Carrier>(message: M, { name, value }: Extension<M>): Uint8Array {
  return encode(name === undefined ? remaining : codecIn(name, message), value)
}

/** One extension of `message` from its code point and contents. */
export function decodeExtension<M extends Carrier>(message: M, type: number, data: Uint8Array): Extension<M> {
  const name = nameOf(type)
  const value = name === undefined ? data : decode(codecIn(name, message), data, `extension ${name}`)
  return { name, type, value } as Extension<M>
}

function readExtension<M extends Carrier>(block: Reader, message: M): Extension<M> {
  const type = block.uint(2)
  const data = block.sub(block.uint(2))
  const name = nameOf(type)
  const codec = name === undefined ? remaining : codecIn(name, message)
  const value = data.named(name ?? String(type), () => codec.read(data))
  data.finish(`extension ${name ?? type}`)
  if (name === 'pre_shared_key' && message === 'client_hello' && block.remaining > 0) {
    throw new DecodeError('pre_shared_key is not the last extension', 'illegal-value')
  }
  return { name, type, value } as Extension<M>
}

function writeExtension<M extends Carrier>(writer: Writer, message: M, { name, type, value }: Extension<M>): void {
  writer.uint(2, type)
  writer.prefixed(2, () => (name === undefined ? remaining : codecIn(name, message)).write(writer, value as Uint8Array))
}

function codecIn(name: ExtensionName, message: Carrier): Codec<unknown> {
  const codecs: Partial<Record<Carrier, Codec<unknown>>> = extensionTable[name].in
  const codec = codecs[message]
  if (!codec) throw new DecodeError(`extension ${name} does not belong in ${message}`, 'misplaced-extension')
  return codec
}

function nameOf(type: number): ExtensionName | undefined {
  return names.get(type)
}

const names = new Map(Object.entries(extensionTable).map(([name, { type }]) => [type as number, name as ExtensionName]))
