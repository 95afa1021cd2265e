/** Every question: answered at once, later, refused, answered twice, answered wrongly, and left while the transport closes. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { PrivateKey } from '../../src/crypto/provider.ts'
import { sessionFromBytes, TicketKeyRing } from '../../src/engine.ts'
import type { ClientOptions, CommonOptions, Identity, Question, ServerOptions } from '../../src/types.ts'
import { acceptWithoutVerification } from '../../src/x509/index.ts'
import { type Credentials, credentials } from '../credentials.ts'
import type { Pair, Side } from '../pair.ts'
import { providers } from '../providers.ts'
import { pairOf, pattern } from './setup.ts'

let minted: Credentials
let others: Credentials
beforeAll(async () => {
  minted = await credentials('P-256')
  others = await credentials('P-256')
})

interface Scenario {
  readonly name: string
  readonly type: Question['type']
  readonly asked: 'client' | 'server'
  readonly client: Partial<ClientOptions>
  readonly server: Partial<ServerOptions>
  readonly right: (question: Question) => void
  /** Each must be a TypeError, and leave the question open. */
  readonly wrong: readonly ((question: Question) => void)[]
}

describe.each(providers())('on the provider $name', provider => {
  const external = (identity: Identity): Identity => {
    const { schemes, spki } = identity.key
    return { chain: identity.chain, key: { schemes, ...(spki && { spki }) } }
  }
  const answer = (question: Question, value: unknown) => (question as { answer(value: unknown): void }).answer(value)
  const signWith = (key: PrivateKey) => (question: Question) => {
    if (question.type !== 'sign' || !key.sign) throw new Error('nothing to sign')
    question.answer(key.sign(question.scheme, question.message))
  }

  const scenarios = (): readonly Scenario[] => {
    const identity = minted.identity(provider)
    const trust = minted.trust(provider)
    const now = () => minted.now
    const accept = (question: Question) => {
      if (question.type === 'peer-certificate') question.answer(acceptWithoutVerification(question.chain))
    }
    const verdicts = [
      (question: Question) => answer(question, undefined),
      (question: Question) => answer(question, true),
      (question: Question) =>
        answer(question, { chain: (question as { chain: unknown }).chain, spki: new Uint8Array(0), subjects: [], verified: true }),
      (question: Question) => answer(question, acceptWithoutVerification(others.identity(provider).chain)),
    ]
    const notBytes = [(question: Question) => answer(question, 'signature'), (question: Question) => answer(question, new Uint8Array(0))]
    return [
      {
        name: 'client-hello',
        type: 'client-hello',
        asked: 'server',
        client: { trust, now, identity: null },
        server: {},
        right: question => answer(question, { identity }),
        wrong: [
          question => answer(question, undefined),
          question => answer(question, {}),
          question => answer(question, { identity, groups: ['no such group'] }),
          question => answer(question, { identity: { chain: [], key: identity.key } }),
        ],
      },
      {
        name: "peer-certificate, on the server's chain",
        type: 'peer-certificate',
        asked: 'client',
        client: { identity: null },
        server: { identity },
        right: accept,
        wrong: verdicts,
      },
      {
        name: "peer-certificate, on the client's chain",
        type: 'peer-certificate',
        asked: 'server',
        client: { trust, now, identity },
        server: { identity, clientAuth: 'require' },
        right: accept,
        wrong: verdicts,
      },
      {
        name: 'certificate-request',
        type: 'certificate-request',
        asked: 'client',
        client: { trust, now },
        server: { identity, clientAuth: 'require', trust, now },
        right: question => answer(question, identity),
        wrong: [question => answer(question, undefined), question => answer(question, 'none'), question => answer(question, {})],
      },
      {
        name: "sign, with the server's key",
        type: 'sign',
        asked: 'server',
        client: { trust, now, identity: null },
        server: { identity: external(identity) },
        right: signWith(identity.key),
        wrong: notBytes,
      },
      {
        name: "sign, with the client's key",
        type: 'sign',
        asked: 'client',
        client: { trust, now, identity: external(identity) },
        server: { identity, clientAuth: 'require', trust, now },
        right: signWith(identity.key),
        wrong: notBytes,
      },
      {
        name: 'session-lookup',
        type: 'session-lookup',
        asked: 'server',
        client: { trust, now, identity: null, psk: [{ identity: pattern(8), key: pattern(32), imported: false }] },
        server: { identity, tickets: 'ask', now },
        right: question => answer(question, null),
        wrong: [
          question => answer(question, undefined),
          question => answer(question, true),
          question => answer(question, { toBytes: () => pattern(3) }),
        ],
      },
      {
        name: 'early-data',
        type: 'early-data',
        asked: 'server',
        client: { trust, now, identity: null, session: sessionFromBytes(kept.bytes), earlyData: true },
        server: { identity, ...kept.server, now },
        right: question => answer(question, true),
        wrong: [question => answer(question, undefined), question => answer(question, 'yes')],
      },
    ]
  }
  /** A session that takes early data, and the servers that know it. */
  const kept: { bytes: Uint8Array; readonly server: Partial<ServerOptions> } = {
    bytes: new Uint8Array(0),
    server: { tickets: new TicketKeyRing({ random: provider.random }), maxEarlyData: 100, earlyDataGuard: 'ask' as const },
  }
  beforeAll(() => {
    const first = pairOf(provider, minted, { server: kept.server }).run()
    for (const event of first.client.events) if (event.type === 'session') kept.bytes = event.session.toBytes()
  })

  const names = [
    'client-hello',
    "peer-certificate, on the server's chain",
    "peer-certificate, on the client's chain",
    'certificate-request',
    'session-lookup',
    'early-data',
  ]
  describe.each([...names, "sign, with the server's key", "sign, with the client's key"])('%s', name => {
    /** A fresh pair, run until the question is open; nobody answers yet. */
    const open = (more: Partial<CommonOptions> = {}): { pair: Pair; side: Side; question: Question; scenario: Scenario } => {
      const scenario = scenarios().find(each => each.name === name)
      if (!scenario) throw new Error(`no scenario ${name}`)
      const blank = withoutDefaults({ trust: undefined, identity: undefined })
      const moreFor = (role: 'client' | 'server') => (scenario.asked === role ? more : {})
      const pair = pairOf(provider, minted, {
        client: { ...blank, ...scenario.client, ...moreFor('client') },
        server: { ...blank, ...scenario.server, ...moreFor('server') },
      }).run()
      const side = pair[scenario.asked]
      const question = side.events.find(event => event.type === scenario.type)
      if (!question || !('answer' in question)) throw new Error(`${name} was not asked: ${side.types.join(', ')} ${side.error?.message}`)
      return { pair, side, question, scenario }
    }

    it('is asked once, and the connection waits for the answer', () => {
      const { pair, side } = open()
      expect(side.connection.waitingFor).toBe('answer')
      expect(pair.client.connected && pair.server.connected).toBe(false)
    })

    it('answered later, it lets the handshake go on', () => {
      const { pair, side, question, scenario } = open()
      scenario.right(question)
      pair.run()
      expect(side.error).toBeUndefined()
      expect(pair.client.connected && pair.server.connected).toBe(true)
      expect(side.types.filter(type => type === scenario.type)).toHaveLength(1)
    })

    it('answered outside of poll, it wakes the application', () => {
      let woken = 0
      const { question, scenario } = open({ wake: () => woken++ })
      scenario.right(question)
      expect(woken).toBe(1)
    })

    it('refused, it ends the connection with the alert that was named', () => {
      const { pair, side, question } = open()
      question.refuse('insufficient_security')
      pair.run()
      expect(side.error).toMatchObject({ code: 'refused', alert: 'insufficient_security', origin: 'local' })
      const other = side === pair.client ? pair.server : pair.client
      expect(other.error).toMatchObject({ code: 'peer-alert', alert: 'insufficient_security', origin: 'peer' })
    })

    it('answered or refused a second time, it throws TypeError and changes nothing', () => {
      const { pair, question, scenario } = open()
      scenario.right(question)
      expect(() => scenario.right(question)).toThrow(TypeError)
      expect(() => question.refuse()).toThrow(TypeError)
      pair.run()
      expect(pair.client.connected && pair.server.connected).toBe(true)
    })

    it('answered wrongly, it throws TypeError and stays open', () => {
      const { pair, question, scenario } = open()
      for (const wrong of scenario.wrong) expect(() => wrong(question)).toThrow(TypeError)
      expect(() => question.refuse('no such alert' as never)).toThrow(TypeError)
      scenario.right(question)
      pair.run()
      expect(pair.client.connected && pair.server.connected).toBe(true)
    })

    it('left while the transport ends, it ends in a truncation once it is answered', () => {
      const { side, question, scenario } = open()
      side.connection.receiveEnd()
      side.drain()
      expect(side.error).toBeUndefined()
      scenario.right(question)
      side.drain()
      // Everything this side needed may have come before the end: then it is connected first.
      expect(side.error).toMatchObject({ code: 'truncated', origin: 'transport' })
    })

    it('left while the connection is aborted, it may still be answered, without effect', () => {
      const { pair, side, question, scenario } = open()
      side.connection.abort('internal_error')
      pair.run()
      expect(side.error).toMatchObject({ code: 'aborted', alert: 'internal_error' })
      expect(() => scenario.right(question)).not.toThrow()
      side.drain()
      expect(side.types.filter(type => type === 'failed')).toHaveLength(1)
    })

    it('while it is open, input is kept and bounded', () => {
      const { side } = open({ limits: { inputBytes: 1000 } })
      const before = side.connection.pendingInput
      side.connection.receive(new Uint8Array(900).fill(22))
      expect(side.connection.pendingInput).toBe(before + 900)
      side.connection.receive(new Uint8Array(200).fill(22))
      side.connection.receive(new Uint8Array(1).fill(22))
      side.drain()
      expect(side.error).toMatchObject({ code: 'input-overflow' })
    })
  })

  it("a foreign signature that does not fit the identity's key does not leave", () => {
    const identity = minted.identity(provider)
    const pair = pairOf(provider, minted, {
      server: { identity: external(identity) },
      decideServer: question => signWith(others.identity(provider).key)(question),
    }).run()
    expect(pair.server.error).toMatchObject({ code: 'local-signature', alert: 'internal_error' })
    expect(pair.client.error).toMatchObject({ code: 'peer-alert', alert: 'internal_error' })
  })

  it('a client may answer certificate-request with none', () => {
    const pair = pairOf(provider, minted, {
      client: withoutDefaults({ identity: undefined }),
      server: { clientAuth: 'require', trust: minted.trust(provider) },
      decideClient: question => answer(question, null),
    }).run()
    expect(pair.server.error).toMatchObject({ code: 'certificate-required', alert: 'certificate_required' })
    expect(pair.client.error).toMatchObject({ code: 'peer-alert', alert: 'certificate_required' })
  })

  it('client-hello shows what the client offers', () => {
    const shown: Question[] = []
    pairOf(provider, minted, {
      client: { alpn: ['h2'], groups: ['x25519', 'secp256r1'] },
      server: withoutDefaults({ identity: undefined }),
      decideServer: question => shown.push(question),
    }).run()
    expect(shown).toMatchObject([
      { hello: { serverName: 'localhost', alpn: ['h2'], groups: [0x001d, 0x0017], supportedVersions: [0x0304] } },
    ])
  })
})

/** Options that are set to nothing, so that they override the defaults of the pair and are left out. */
function withoutDefaults(options: Record<string, undefined>): object {
  return options
}
