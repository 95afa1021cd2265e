/**
 * RFC 8448 replayed through the engine, octet for octet, in both roles. Randomness, key shares and PSS salts are those of the trace; so are the
 * extensions that the engine would not send by itself, and their order. All else the engine must come to by itself.
 */
import { describe, expect, it } from 'vitest'
import type { DiffieHellmanGroup } from '../../src/crypto/key-exchange.ts'
import type { AeadKey, CipherSuite, CryptoProvider, Hash, KeyExchange, PrivateKey } from '../../src/crypto/provider.ts'
import { signPss } from '../../src/crypto/rsa.ts'
import { Engine } from '../../src/engine/connection.ts'
import { createClient, createServer } from '../../src/engine.ts'
import { type SessionState, sessionOf } from '../../src/handshake/session.ts'
import type { CommonOptions, RawExtension, ShapeExtensions } from '../../src/types.ts'
import { concat, fromText } from '../../src/wire/bytes.ts'
import { extensionTable, find } from '../../src/wire/extensions.ts'
import { decodeMessage } from '../../src/wire/messages.ts'
import { acceptWithoutVerification } from '../../src/x509/verdict.ts'
import { Side } from '../pair.ts'
import { recordProviders } from '../providers.ts'
import { type Actor, field, type Step, sourceOf, type Trace, toHex } from '../schedule/rfc8448.ts'
import { traceOf } from '../vectors.ts'
import { random, recoverSalt, rfcRsaKey } from './rfc8448-rsa.ts'

const sections = [
  { section: 3, client: ['peer-certificate', 'connected', 'session', 'end'], server: ['connected', 'end'] },
  { section: 4, client: ['early-data-result', 'connected', 'end'], server: ['session-lookup', 'early-data', 'connected', 'end'] },
  { section: 5, client: ['peer-certificate', 'connected', 'end'], server: ['connected', 'end'] },
  { section: 6, client: ['peer-certificate', 'connected', 'end'], server: ['peer-certificate', 'connected', 'end'] },
  { section: 7, client: ['peer-certificate', 'connected', 'end'], server: ['connected', 'end'] },
]

describe.each(recordProviders({ minimumRsaBits: 1024 }))('RFC 8448 on the provider $name', provider => {
  describe.each(sections)('section $section', ({ section, client, server }) => {
    const trace = traceOf(section)

    it('replays as the client', () => {
      const seen = observe(provider, trace, 'client')
      const keyLog: string[] = []
      const connection = createClient({
        ...commonOptions(seen.provider, trace, keyLog),
        serverName: 'server',
        groups: ['x25519', 'secp256r1', 'secp384r1'],
        keyShares: ['x25519'],
        compatibilityMode: section === 7,
        ...(section === 4 && { session: sessionOf(sessionState()), earlyData: true }),
        ...(section === 6 && { identity: { chain: [certificateOf(trace, 'client')], key: traceKey(trace, 'client', provider) } }),
      })
      expect(replay(trace, 'client', connection)).toEqual(client)
      expectSecrets(trace, 'client', seen, keyLog)
    })

    it('replays as the server', () => {
      const seen = observe(provider, trace, 'server')
      const keyLog: string[] = []
      const connection = createServer({
        ...commonOptions(seen.provider, trace, keyLog),
        groups: section === 5 ? ['secp256r1'] : ['x25519', 'secp256r1', 'secp384r1'],
        identity: section === 4 ? [] : { chain: [certificateOf(trace, 'server')], key: traceKey(trace, 'server', provider) },
        ...(section === 4 && { tickets: 'ask', ticketCount: 0, maxEarlyData: 1024, earlyDataGuard: 'ask' }),
        ...(section === 6 && { clientAuth: 'request' }),
      })
      expect(replay(trace, 'server', connection)).toEqual(server)
      expectSecrets(trace, 'server', seen, keyLog)
    })
  })
})

function commonOptions(crypto: CryptoProvider, trace: Trace, keyLog: string[]) {
  return {
    crypto,
    cipherSuites: ['TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_256_GCM_SHA384'],
    now: () => ticketAge,
    keyLog: (line: string) => keyLog.push(line),
    shapeExtensions: asInTrace(trace),
  } satisfies CommonOptions
}

/** Feeds the peer's records, makes the calls that lead to this side's, and compares what leaves. Returns the events. */
function replay(trace: Trace, role: Actor, connection: ReturnType<typeof createClient>): readonly string[] {
  const side = new Side(connection, question => {
    if (question.type === 'peer-certificate') question.answer(acceptWithoutVerification(question.chain))
    if (question.type === 'session-lookup') question.answer(sessionOf(sessionState()))
    if (question.type === 'early-data') question.answer(true)
  })
  const wanted: string[] = []
  const sent: Uint8Array[] = []
  const sentByPeer: Uint8Array[] = []
  for (const step of trace.steps.filter(each => /^send .* record$/.test(each.op))) {
    const record = field(step, 'complete record')
    if (step.actor === role) {
      wanted.push(toHex(record))
      act(connection, step)
    } else {
      if (step.op.includes('application_data')) sentByPeer.push(field(step, 'payload'))
      connection.receive(record)
    }
    side.drain()
    sent.push(...connection.takeOutput())
  }
  expect(recordsOf(concat(...sent)).map(toHex)).toEqual(wanted)
  expect(side.error).toBeUndefined()
  expect(side.data).toEqual(concat(...sentByPeer))
  expect(connection.waitingFor).toBe('nothing')
  return side.types
}

/** What the application does where the trace shows more than the handshake. */
function act(connection: ReturnType<typeof createClient>, step: Step): void {
  const payload = field(step, 'payload')
  if (step.op.includes('application_data'))
    expect(connection.info ? connection.send(payload) : connection.sendEarly(payload)).toBe(payload.length)
  if (step.op.includes('alert')) connection.end()
  const newSessionTicket = 4
  if (step.op.includes('handshake') && payload[0] === newSessionTicket && connection instanceof Engine)
    connection.sendHandshakeMessage(payload)
}

/** The records in a byte string. */
function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = 5 + ((bytes[at + 3] ?? 0) << 8) + (bytes[at + 4] ?? 0)
    records.push(bytes.subarray(at, at + size))
    at += size
  }
  return records
}

// ── What is injected ────────────────────────────────────────────────────────────────────────────────────────────────

/** The extensions of the trace in their order; those that the engine computes are the engine's. */
function asInTrace(trace: Trace): ShapeExtensions {
  const hellos = trace.steps.filter(step => step.op === 'construct a ClientHello handshake message').map(step => field(step, 'ClientHello'))
  const [serverHello, another] = trace.steps
    .filter(step => step.op.startsWith('construct a ServerHello'))
    .map(step => field(step, 'ServerHello'))
  const request = trace.steps.find(step => step.op.includes('CertificateRequest'))
  const parameters = trace.steps.find(step => step.op.includes('EncryptedExtensions'))
  const lists: Record<string, RawExtension[]> = {
    server_hello: helloExtensions(another ?? serverHello, false),
    hello_retry_request: another ? helloExtensions(serverHello, false) : [],
    encrypted_extensions: parameters ? extensionList(field(parameters, 'EncryptedExtensions'), 4) : [],
    certificate_request: request ? extensionList(field(request, 'CertificateRequest'), 5) : [],
  }
  const computed: ReadonlySet<number> = new Set(
    (['server_name', 'key_share', 'supported_versions', 'pre_shared_key', 'early_data'] as const).map(name => extensionTable[name].type),
  )
  return (message, own) => {
    const list = message === 'client_hello' ? helloExtensions(hellos.shift(), true) : (lists[message] ?? [])
    const cookie = own.find(each => each.type === extensionTable.cookie.type)
    return list.map(
      each =>
        (computed.has(each.type) ? own.find(made => made.type === each.type) : undefined) ?? (each.type === cookie?.type ? cookie : each),
    )
  }
}

function helloExtensions(message: Uint8Array | undefined, client: boolean): RawExtension[] {
  if (!message) return []
  const afterSession = 4 + 34 + 1 + (message[38] ?? 0)
  const suites = ((message[afterSession] ?? 0) << 8) + (message[afterSession + 1] ?? 0)
  return extensionList(message, client ? afterSession + 2 + suites + 2 : afterSession + 3)
}

function extensionList(message: Uint8Array, start: number): RawExtension[] {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  const list: RawExtension[] = []
  for (let at = start + 2; at < message.length; ) {
    const length = view.getUint16(at + 2)
    list.push({ type: view.getUint16(at), data: message.slice(at + 4, at + 4 + length) })
    at += 4 + length
  }
  return list
}

/**
 * Signs as the RSA key of the RFC does, with the salt that the RFC's signature holds. Section 6 has other keys, which the RFC does not give: their
 * signatures are those of the trace.
 */
function traceKey(trace: Trace, actor: Actor, provider: CryptoProvider): PrivateKey {
  const hash = hashOf(provider)
  const verify = trace.steps.find(step => step.op.includes('CertificateVerify') && step.actor === actor)
  if (!verify) throw new Error('the trace has no CertificateVerify')
  const message = field(verify, 'CertificateVerify')
  const signature = message.subarray(8)
  const schemes = [((message[4] ?? 0) << 8) | (message[5] ?? 0)]
  if (trace.section === 6) return { schemes, sign: () => signature }
  const salt = recoverSalt(signature, hash)
  return { schemes, sign: (_scheme, content) => signPss(rfcRsaKey, hash, content, { salt, random }) }
}

/** The session that section 3 leaves and section 4 resumes, at the age that its hello states. */
function sessionState(): SessionState {
  const steps = traceOf(3).steps
  const ticketStep = steps.find(step => step.op === 'construct a NewSessionTicket handshake message')
  const secretStep = steps.find(step => step.op.startsWith('generate resumption secret') && step.fields.expanded)
  if (!ticketStep || !secretStep) throw new Error('section 3 leaves no session')
  const { body } = decodeMessage('new_session_ticket', field(ticketStep, 'NewSessionTicket'))
  return {
    cipher_suite: 0x1301,
    psk: field(secretStep, 'expanded'),
    ticket: body.ticket,
    ticket_age_add: body.ticket_age_add,
    issued_at: 0,
    lifetime: body.ticket_lifetime,
    max_early_data: find(body.extensions, 'early_data') ?? 0,
    alpn: new Uint8Array(0),
    server_name: fromText('server'),
    peer_verified: 1,
    peer_type: 0,
    peer_chain: [certificateOf(traceOf(3), 'server')],
  }
}

/** Milliseconds. */
const ticketAge = statedAge()

function statedAge(): number {
  const [hello] = handshakeRecords(traceOf(4))
  if (!hello) throw new Error('section 4 has no ClientHello')
  const offered = find(decodeMessage('client_hello', hello).body.extensions, 'pre_shared_key')
  const stated = offered?.identities[0]?.obfuscated_ticket_age ?? 0
  return (stated - sessionState().ticket_age_add + 2 ** 32) % 2 ** 32
}

/** What the records of the trace hold that are handshake messages, in order. */
function handshakeRecords(trace: Trace): Uint8Array[] {
  return trace.steps.filter(step => step.op === 'send handshake record').map(step => field(step, 'payload'))
}

function certificateOf(trace: Trace, actor: Actor): Uint8Array {
  const step = trace.steps.find(each => each.op === 'construct a Certificate handshake message' && each.actor === actor)
  const [entry] = step ? decodeMessage('certificate', field(step, 'Certificate')).body.certificate_list : []
  if (!entry) throw new Error('the trace has no Certificate')
  return entry.cert_data
}

function hashOf(provider: CryptoProvider): Hash {
  const suite = provider.cipherSuites.find(each => each.hash.name === 'sha256')
  if (!suite) throw new Error('no SHA-256')
  return suite.hash
}

// ── What is observed ────────────────────────────────────────────────────────────────────────────────────────────────

interface Observed {
  readonly provider: CryptoProvider
  /** What HMAC gave: every secret of the key schedule begins as one. */
  readonly macs: Set<string>
  /** The keys that records were protected with, and the nonce of sequence number 0, which is the IV. */
  readonly keys: Set<string>
  readonly ivs: Set<string>
}

/** The provider with the trace's random values and key shares, which writes down the secrets it sees. */
function observe(provider: CryptoProvider, trace: Trace, role: Actor): Observed {
  const macs = new Set<string>()
  const keys = new Set<string>()
  const ivs = new Set<string>()
  const randoms = randomsOf(trace, role)
  const pairs = trace.steps
    .filter(step => step.actor === role && step.op.startsWith('create an ephemeral'))
    .map(step => field(step, 'private key'))
  const nextPair = () => {
    const key = pairs.shift()
    if (!key) throw new Error('the trace has no further key pair')
    return key
  }
  const observedHash = (hash: Hash): Hash => ({
    ...hash,
    create: () => hash.create(),
    hmac: (key, data) => {
      const mac = hash.hmac(key, data)
      macs.add(toHex(mac))
      return mac
    },
  })
  const observedKey = (raw: Uint8Array, key: AeadKey): AeadKey => {
    keys.add(toHex(raw))
    let first = true
    const note = (nonce: Uint8Array) => {
      if (first) ivs.add(toHex(nonce))
      first = false
    }
    return {
      seal: (nonce, aad, plain, out) => {
        note(nonce)
        key.seal(nonce, aad, plain, out)
      },
      open: (nonce, aad, sealed) => {
        note(nonce)
        return key.open(nonce, aad, sealed)
      },
      destroy: () => key.destroy(),
    }
  }
  const observedSuite = (suite: CipherSuite): CipherSuite => ({
    ...suite,
    hash: observedHash(suite.hash),
    aead: { ...suite.aead, key: raw => observedKey(raw, suite.aead.key(raw)) },
  })
  const fixedGroup = (group: KeyExchange): KeyExchange => ({
    group: group.group,
    name: group.name,
    generate: () => (group as DiffieHellmanGroup).pairOf(nextPair()),
    respond: peer => {
      const pair = (group as DiffieHellmanGroup).pairOf(nextPair())
      return { share: pair.share, secret: pair.agree(peer) }
    },
  })
  const observed: CryptoProvider = {
    ...provider,
    cipherSuites: provider.cipherSuites.map(observedSuite),
    groups: provider.groups.map(fixedGroup),
    random: size => {
      const value = randoms.shift()
      if (value?.length !== size) throw new Error('the trace has no such random value')
      return value
    },
  }
  return { provider: observed, macs, keys, ivs }
}

function randomsOf(trace: Trace, role: Actor): Uint8Array[] {
  const name = role === 'client' ? 'ClientHello' : 'ServerHello'
  const hellos = trace.steps.filter(step => step.op === `construct a ${name} handshake message`).map(step => field(step, name))
  const hello = role === 'client' ? hellos[0] : hellos.at(-1)
  if (!hello) throw new Error(`the trace has no ${name}`)
  const session = hello.slice(39, 39 + (hello[38] ?? 0))
  return [hello.slice(6, 38), ...(role === 'client' && session.length > 0 ? [session] : [])]
}

/** Every secret, key, IV and Finished that the trace names for this role came up, and the log has those that it logs. */
function expectSecrets(trace: Trace, role: Actor, seen: Observed, keyLog: readonly string[]): void {
  const steps = trace.steps
    .filter(step => step.actor === role && !step.op.startsWith('generate resumption'))
    .map(step => [step, sourceOf(trace, step)] as const)
  let checked = 0
  for (const [step, { fields }] of steps) {
    for (const name of ['secret', 'expanded', 'finished']) {
      const value = fields[name]
      if (value === undefined) continue
      expect(seen.macs, `${step.op}: ${name}`).toContain(value)
      checked++
    }
    const key = fields['key expanded']
    const iv = fields['iv expanded']
    if (key === undefined || iv === undefined) continue
    expect(seen.keys, step.op).toContain(key)
    expect(seen.ivs, step.op).toContain(iv)
    checked += 2
  }
  expect(checked).toBeGreaterThan(20)
  const logged = keyLog.map(line => line.split(' ')[2])
  for (const label of ['c hs traffic', 's hs traffic', 'c ap traffic', 's ap traffic', 'exp master']) {
    const step = trace.steps.find(each => each.op.includes(label) && each.sameAs === undefined)
    expect(logged, label).toContain(step?.fields.expanded)
  }
}
