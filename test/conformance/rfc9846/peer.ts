/**
 * A hostile peer without cryptography: the test plays it, record by record, against a client or a server on the null provider. Any message
 * can be put at any place, and whatever the other side answers can be read.
 */
import { createClient, createServer } from '../../../src/engine.ts'
import type { AlertName, FaultCode, TlsError } from '../../../src/error.ts'
import { alertName } from '../../../src/error.ts'
import type { ClientOptions, Connection, ServerOptions } from '../../../src/types.ts'
import { concat } from '../../../src/wire/bytes.ts'
import { acceptWithoutVerification } from '../../../src/x509/verdict.ts'
import { nullKey, nullProvider } from '../../null-provider.ts'
import * as tls from './bytes.ts'

export const recordType = { change_cipher_spec: 20, alert: 21, handshake: 22, application_data: 23 } as const

/** A record on the wire. */
export interface WireRecord {
  readonly type: number
  /** `legacy_record_version`. */
  readonly version: number
  readonly protected: boolean
  readonly content: Uint8Array
}

/** Two suites, so that a server can change its mind. */
const crypto = {
  ...nullProvider,
  cipherSuites: nullProvider.cipherSuites.flatMap(suite => [suite, { ...suite, id: 0x1303, name: 'TLS_CHACHA20_POLY1305_SHA256' }]),
}
const identity = { chain: [tls.endEntity], key: nullKey }

export class Peer {
  readonly connection: Connection
  /** Types of the events that the other side has told, `data` included. */
  readonly events: string[] = []
  error: TlsError | undefined
  readonly #output: Uint8Array[] = []
  #protected = false

  constructor(connection: Connection) {
    this.connection = connection
    this.drain()
  }

  /** Records as they are: header and all. */
  raw(...chunks: readonly Uint8Array[]): this {
    for (const chunk of chunks) {
      this.connection.receive(chunk.slice())
      this.drain()
    }
    return this
  }

  /** One record, under the protection of now. */
  record(type: number, ...content: readonly Uint8Array[]): this {
    return this.raw(this.#protected ? protectedRecord(type, concat(...content)) : plainRecord(type, concat(...content)))
  }

  /** Handshake messages, each in a record of its own. */
  say(...messages: readonly Uint8Array[]): this {
    for (const each of messages) this.record(recordType.handshake, each)
    return this
  }

  alert(...content: readonly number[]): this {
    return this.record(recordType.alert, tls.bytes(...content))
  }

  data(content: Uint8Array = tls.bytes(1, 2, 3)): this {
    return this.record(recordType.application_data, content)
  }

  changeCipherSpec(...content: readonly number[]): this {
    return this.raw(plainRecord(recordType.change_cipher_spec, tls.bytes(...content)))
  }

  /** From now on records are protected: call it where the keys change. */
  protect(): this {
    this.#protected = true
    return this
  }

  drain(): void {
    for (let event = this.connection.poll(); event; event = this.connection.poll()) {
      this.events.push(event.type)
      if (event.type === 'failed') this.error = event.error
      if (event.type === 'peer-certificate') event.answer(acceptWithoutVerification(event.chain))
    }
    this.#output.push(...this.connection.takeOutput())
  }

  /** Everything that the other side has sent. */
  get heard(): readonly WireRecord[] {
    const whole = concat(...this.#output)
    const records: WireRecord[] = []
    for (let at = 0; at < whole.length; ) {
      const end = at + 5 + ((whole[at + 3] ?? 0) << 8) + (whole[at + 4] ?? 0)
      const body = whole.subarray(at + 5, end)
      const version = ((whole[at + 1] ?? 0) << 8) + (whole[at + 2] ?? 0)
      const plain = { type: whole[at] ?? 0, version, protected: false, content: body }
      records.push(plain.type === recordType.application_data ? opened(plain) : plain)
      at = end
    }
    return records
  }

  /** The alert that the other side sent last, if it is the last thing it sent; its level must be fatal. */
  get alertHeard(): AlertName | undefined {
    const last = this.heard.at(-1)
    if (last?.type !== recordType.alert || last.content.length !== 2 || last.content[0] !== 2) return undefined
    return alertName(last.content[1] ?? 0)
  }
}

/** The server, played against a client. */
export class ServerPeer extends Peer {
  constructor(options: Partial<ClientOptions> = {}) {
    super(createClient({ crypto, serverName: 'server', keyShares: ['x25519'], identity, ...options }))
  }

  hello(): this {
    return this.say(tls.serverHello()).protect()
  }

  /** Up to CertificateVerify: Finished is next. */
  authenticate(): this {
    return this.hello().say(tls.encryptedExtensions(), tls.certificate(), tls.certificateVerify())
  }

  connect(): this {
    return this.authenticate().say(tls.finished())
  }
}

/** The client, played against a server. */
export class ClientPeer extends Peer {
  constructor(options: Partial<ServerOptions> = {}) {
    super(createServer({ crypto, identity, ...options }))
  }

  hello(): this {
    return this.say(tls.clientHello()).protect()
  }

  /** The first hello has no share: the server asks for a second. */
  helloWithoutShare(): this {
    return this.say(tls.helloWith(tls.offeredWithoutShare))
  }

  connect(): this {
    return this.hello().say(tls.finished())
  }
}

/** A rule, who breaks it against whom, and what must come of it. */
export type Rule = {
  /** Of RFC 9846, or of the RFC that it names: `RFC 8449 §4`. */
  readonly section: string
  readonly rule: string
} & Expected &
  (
    | { readonly client: (server: ServerPeer) => unknown; readonly options?: Options<ClientOptions> }
    | { readonly server: (client: ClientPeer) => unknown; readonly options?: Options<ServerOptions> }
  )

/** Made anew for each play where they hold what is used up, as a session is. */
type Options<O> = Partial<O> | (() => Partial<O>)
const optionsOf = <O>(options: Options<O> | undefined) => (typeof options === 'function' ? options() : options)

/** Without a code: it is not to be refused. */
export type Expected = { readonly code: FaultCode; readonly alert: AlertName } | { readonly accepted: true }

/** Plays a rule against the role that is its key, and says what became of it. */
export function play(rule: Rule): Peer {
  if ('client' in rule) {
    const peer = new ServerPeer(optionsOf(rule.options))
    rule.client(peer)
    return peer
  }
  const peer = new ClientPeer(optionsOf(rule.options))
  rule.server(peer)
  return peer
}

export function plainRecord(type: number, content: Uint8Array): Uint8Array {
  return concat(tls.bytes(type), tls.tls12, tls.v16(content))
}

/** Protected without cryptography: content, type, padding, and a tag of zeros. */
export function protectedRecord(type: number, content: Uint8Array, padding = 0): Uint8Array {
  return plainRecord(recordType.application_data, concat(content, tls.bytes(type), new Uint8Array(padding + 16)))
}

function opened({ version, content }: WireRecord): WireRecord {
  let end = content.length - 16 - 1
  while (end >= 0 && content[end] === 0) end--
  return { type: content[end] ?? 0, version, protected: true, content: content.subarray(0, end) }
}
