import { describe, expect, it } from 'vitest'
import type { CipherSuite } from '../../src/crypto/provider.ts'
import { limitsOf, serverSettings } from '../../src/engine/options.ts'
import type { Role } from '../../src/handshake/auth.ts'
import { Conversation } from '../../src/handshake/conversation.ts'
import type { Io } from '../../src/handshake/dialogue.ts'
import type { Established } from '../../src/handshake/established.ts'
import { PostHandshake, type TicketIssuer } from '../../src/handshake/post.ts'
import { serverHandshake } from '../../src/handshake/server.ts'
import { extension } from '../../src/wire/extensions.ts'
import { encodeMessage } from '../../src/wire/messages.ts'
import { constantBytes, nullKey, nullProvider } from '../null-provider.ts'

const hello = encodeMessage('client_hello', {
  legacy_version: 0x0303,
  random: constantBytes(32),
  legacy_session_id: new Uint8Array(0),
  cipher_suites: [0x1301],
  legacy_compression_methods: [0],
  extensions: [
    extension('client_hello', 'supported_versions', [0x0304]),
    extension('client_hello', 'supported_groups', [0x001d]),
    extension('client_hello', 'signature_algorithms', [0x0403]),
    extension('client_hello', 'key_share', [{ group: 0x001d, key_exchange: constantBytes(32) }]),
  ],
}).bytes
const finished = (byte: number) => encodeMessage('finished', { verify_data: constantBytes(32).fill(byte) }).bytes

/** A server's handshake that waits for the client's Finished, and the secrets it has handed out to be used. */
function midway() {
  const secrets: Uint8Array[] = []
  const nothing = () => {}
  const io: Io = {
    send: nothing,
    changeCipherSpec: nothing,
    keys: (_direction, _epoch, _suite, secret) => secrets.push(secret),
    limitRecords: nothing,
    earlyExporter: nothing,
    earlyDataResult: nothing,
    skipEarlyData: nothing,
    retryRequested: nothing,
    agreed: nothing,
  }
  const conversation = new Conversation(serverHandshake(io))
  conversation.hear(hello)
  conversation.answer(serverSettings({ crypto: nullProvider, identity: { chain: [constantBytes(10)], key: nullKey } }))
  const erased = () => secrets.map(secret => secret.every(byte => byte === 0))
  return { conversation, erased }
}

describe('the secrets of a handshake', () => {
  it('are erased where it is stopped', () => {
    const { conversation, erased } = midway()
    expect(erased()).toEqual([false, false, false])
    conversation.stop()
    expect(erased()).toEqual([true, true, true])
  })

  it('are erased where the peer is at fault', () => {
    const { conversation, erased } = midway()
    expect(() => conversation.hear(finished(1))).toThrow(/verify_data/)
    expect(erased()).toEqual([true, true, true])
  })

  it('live on only as far as they are needed where it succeeds', () => {
    const { conversation, erased } = midway()
    conversation.hear(finished(7))
    expect(conversation.result?.secrets.serverTraffic.some(byte => byte !== 0)).toBe(true)
    // Handshake keys in and out; application keys out, then in.
    expect(erased()).toEqual([true, true, false, false])
  })
})

describe('the secrets that outlive a handshake', () => {
  const tickets: TicketIssuer = {
    count: 0,
    lifetime: 60,
    maxEarlyData: 0,
    random: constantBytes,
    tell: false,
    ticketOf: () => constantBytes(1),
  }

  /** Which of them are erased. */
  function erasedAfter(role: Role, options: { now?: () => number; tickets?: TicketIssuer }, act: (post: PostHandshake) => void = () => {}) {
    const [suite] = nullProvider.cipherSuites
    if (!suite) throw new Error('the null provider has a suite')
    const secret = () => constantBytes(32).fill(1)
    const secrets = { clientTraffic: secret(), serverTraffic: secret(), exporter: secret(), resumption: secret() }
    const nothing = () => {}
    const io = { send: nothing, keys: nothing, maySend: true, keysUpdated: nothing, session: nothing }
    const rest = { now: undefined, tickets: undefined, random: constantBytes, limits: limitsOf({}) }
    act(new PostHandshake({ role, established: establishedBy(suite), io, ...rest, ...options }, secrets))
    return Object.entries(secrets).flatMap(([name, bytes]) => (bytes.every(byte => byte === 0) ? [name] : []))
  }

  it('are all there while sessions can come of them', () => {
    expect(erasedAfter('client', { now: () => 0 })).toEqual([])
    expect(erasedAfter('server', { now: () => 0, tickets })).toEqual([])
  })

  it('have none for sessions where there can be none', () => {
    expect(erasedAfter('client', {})).toEqual(['resumption'])
    expect(erasedAfter('server', { now: () => 0 })).toEqual(['resumption'])
  })

  it('are replaced one by one, and erased as they are', () => {
    expect(erasedAfter('client', { now: () => 0 }, post => post.updateKeys(false))).toEqual(['clientTraffic'])
    expect(erasedAfter('server', { now: () => 0, tickets }, post => post.updateKeys(false))).toEqual(['serverTraffic'])
  })

  it('are all erased where the connection ends', () => {
    const all = ['clientTraffic', 'serverTraffic', 'exporter', 'resumption']
    expect(erasedAfter('client', { now: () => 0 }, post => post.destroy())).toEqual(all)
    expect(erasedAfter('server', { now: () => 0, tickets }, post => post.destroy())).toEqual(all)
  })
})

function establishedBy(suite: CipherSuite): Omit<Established, 'secrets'> {
  return {
    suite,
    group: undefined,
    signatureScheme: undefined,
    psk: undefined,
    later: undefined,
    resumable: true,
    alpn: undefined,
    serverName: undefined,
    peer: undefined,
    localIdentity: undefined,
    retried: false,
  }
}
