import { describe, expect, test } from 'vitest'
import type { CipherSuite, Hash } from '../../src/crypto/provider.ts'
import { deriveSecret, hkdfExpand, hkdfExtract } from '../../src/schedule/hkdf.ts'
import {
  type EarlyStage,
  earlyStage,
  finishedMac,
  type HandshakeStage,
  type MainStage,
  resumptionPsk,
  trafficKey,
} from '../../src/schedule/key-schedule.ts'
import { Transcript } from '../../src/schedule/transcript.ts'
import { providers, suiteOf } from './providers.ts'
import { type Actor, field, fromHex, type Step, sourceOf, type Trace, toHex, traces } from './rfc8448.ts'

describe.each(providers)('With $name', provider => {
  test.each(traces)('every key of RFC 8448 §$section, $title, is computed by both sides', trace => {
    const replay = new Replay(trace, suiteOf(provider, 'TLS_AES_128_GCM_SHA256'))
    for (const step of trace.steps) replay.take(step)
    const scheduleSteps = trace.steps.filter(isSchedule)
    expect(replay.checked).toBe(scheduleSteps.length)
  })
})

test('the five traces hold 180 steps of the key schedule', () => {
  const steps = traces.flatMap(trace => trace.steps).filter(isSchedule)
  expect(steps.length).toBe(180)
})

const isSchedule = (step: Step) => /^(derive|extract|calculate|generate)/.test(step.op)

/** What one side knows. */
interface Party {
  early?: EarlyStage
  handshake?: HandshakeStage
  master?: MainStage
  readonly secrets: Map<string, Uint8Array>
}

/** Walks through a trace: messages go into one transcript, each side computes its values with stages of its own. */
class Replay {
  checked = 0
  readonly #trace: Trace
  readonly #suite: CipherSuite
  readonly #hash: Hash
  readonly #transcript = new Transcript()
  #chosen = false
  readonly #parties: Record<Actor, Party> = { client: { secrets: new Map() }, server: { secrets: new Map() } }
  /** The transcript hash of each 'calculate finished' step: the traces do not print it. */
  readonly #finishedHash = new Map<Step, Uint8Array>()

  constructor(trace: Trace, suite: CipherSuite) {
    this.#trace = trace
    this.#suite = suite
    this.#hash = suite.hash
    // A client with a PSK knows the hash before it has said anything.
    if (trace.steps.some(step => step.op === 'calculate PSK binder')) this.#choose()
  }

  take(step: Step): void {
    const party = this.#parties[step.actor]
    const source = sourceOf(this.#trace, step)
    const label = /"(?:tls13 )?(.*)"/.exec(step.op)?.[1] ?? ''
    if (step.op.startsWith('construct')) this.#construct(step)
    else if (step.op === 'send handshake record') this.#sendHandshake(field(step, 'payload'))
    if (!isSchedule(step)) return
    if (step.op.startsWith('extract')) this.#extract(label, party, source)
    else if (label === 'derived') this.#derived(source)
    else if (label === 'finished') this.#finished(step, party, source)
    else if (label === 'resumption') this.#resumption(party, source)
    else if (step.op === 'calculate PSK binder') this.#binder(party, source)
    else if (step.op.includes('traffic keys')) this.#trafficKeys(step, party, source)
    else this.#derive(label, step, party, source)
    this.checked++
  }

  #choose(): void {
    this.#transcript.choose(this.#hash)
    this.#chosen = true
  }

  #construct(step: Step): void {
    const kind = /^construct an? (\w+)/.exec(step.op)?.[1] ?? ''
    // A ClientHello is printed without its binders here, and whole in the record that follows; a ticket is not in the transcript.
    if (kind === 'ClientHello' || kind === 'NewSessionTicket') return
    const message = field(step, kind)
    if (kind === 'ServerHello') {
      if (!this.#chosen) this.#choose()
      if (toHex(message.subarray(6, 38)) === helloRetryRequest) this.#transcript.replaceByMessageHash()
    }
    this.#transcript.add(message)
  }

  #sendHandshake(payload: Uint8Array): void {
    if (payload[0] === 1) this.#transcript.add(payload)
  }

  #extract(label: string, party: Party, source: Step): void {
    const input = field(source, 'IKM')
    expect(toHex(hkdfExtract(this.#hash, field(source, 'salt'), input))).toBe(source.fields.secret)
    const withoutPsk = input.every(byte => byte === 0)
    if (label === 'early') party.early = earlyStage(this.#hash, withoutPsk ? undefined : input)
    else if (label === 'handshake') party.handshake = known(party.early).handshake(input)
    else party.master = known(party.handshake).main()
  }

  #derived(source: Step): void {
    expect(toHex(this.#hash.create().digest())).toBe(source.fields.hash)
    this.#expectExpanded(source, deriveSecret(this.#hash, field(source, 'PRK'), 'derived', field(source, 'hash')))
  }

  #derive(label: string, step: Step, party: Party, source: Step): void {
    const th = field(source, 'hash')
    if (step === source) expect(toHex(this.#transcript.digest())).toBe(toHex(th))
    const secret = stageSecret(label, party, th)
    this.#expectExpanded(source, secret)
    party.secrets.set(label, secret)
  }

  #finished(step: Step, party: Party, source: Step): void {
    if (step === source) this.#finishedHash.set(step, this.#transcript.digest())
    const base = known(party.secrets.get(source.actor === 'client' ? 'c hs traffic' : 's hs traffic'))
    expect(toHex(base)).toBe(source.fields.PRK)
    this.#expectExpanded(source, hkdfExpand(this.#hash, base, field(source, 'info'), 32))
    expect(toHex(finishedMac(this.#hash, base, known(this.#finishedHash.get(source))))).toBe(source.fields.finished)
  }

  #binder(party: Party, source: Step): void {
    const base = known(party.early).binderKey('res')
    expect(toHex(base)).toBe(source.fields.PRK)
    this.#expectExpanded(source, hkdfExpand(this.#hash, base, field(source, 'info'), 32))
    const prefix = field(source, 'ClientHello prefix')
    const th = new Transcript()
    th.choose(this.#hash)
    expect(toHex(th.digestWith(prefix))).toBe(source.fields['binder hash'])
    expect(toHex(finishedMac(this.#hash, base, th.digestWith(prefix)))).toBe(source.fields.finished)
  }

  #resumption(party: Party, source: Step): void {
    const secret = known(party.secrets.get('res master'))
    this.#expectExpanded(source, resumptionPsk(this.#hash, secret, field(source, 'hash')))
  }

  #trafficKeys(step: Step, party: Party, source: Step): void {
    const other = step.actor === 'client' ? 'server' : 'client'
    const sender = (step.op.includes('write') ? step.actor : other)[0]
    const phase = step.op.includes('early') ? 'e' : step.op.includes('handshake') ? 'hs' : 'ap'
    const secret = known(party.secrets.get(`${sender} ${phase} traffic`))
    expect(toHex(secret)).toBe(source.fields.PRK)
    const { key, iv } = trafficKey(this.#suite, secret)
    expect(toHex(key)).toBe(source.fields['key expanded'])
    expect(toHex(iv)).toBe(source.fields['iv expanded'])
    expect(toHex(hkdfExpand(this.#hash, secret, field(source, 'key info'), 16))).toBe(toHex(key))
    expect(toHex(hkdfExpand(this.#hash, secret, field(source, 'iv info'), 12))).toBe(toHex(iv))
  }

  /** The value is the printed one, and so is what HKDF-Expand makes of the printed secret and HkdfLabel. */
  #expectExpanded(source: Step, value: Uint8Array): void {
    expect(toHex(value)).toBe(source.fields.expanded)
    expect(toHex(hkdfExpand(this.#hash, field(source, 'PRK'), field(source, 'info'), 32))).toBe(source.fields.expanded)
  }
}

function stageSecret(label: string, party: Party, th: Uint8Array): Uint8Array {
  switch (label) {
    case 'c e traffic':
      return known(party.early).clientEarlyTrafficSecret(th)
    case 'e exp master':
      return known(party.early).earlyExporterSecret(th)
    case 'c hs traffic':
      return known(party.handshake).clientTrafficSecret(th)
    case 's hs traffic':
      return known(party.handshake).serverTrafficSecret(th)
    case 'c ap traffic':
      return known(party.master).clientTrafficSecret(th)
    case 's ap traffic':
      return known(party.master).serverTrafficSecret(th)
    case 'exp master':
      return known(party.master).exporterSecret(th)
    case 'res master':
      return known(party.master).resumptionSecret(th)
    default:
      throw new Error(`no such secret: ${label}`)
  }
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the trace asks for something that is not computed yet')
  return value
}

/** The random of a ServerHello that is a HelloRetryRequest (RFC 9846 §4.2.3). */
const helloRetryRequest = toHex(fromHex('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c'))
