import { beforeAll, describe, expect, it } from 'vitest'
import { acceptWithoutVerification } from '../../src/x509/index.ts'
import { type Credentials, credentials, type KeyType } from '../credentials.ts'
import { cuts } from '../pair.ts'
import { recordProviders } from '../providers.ts'
import { pairOf, pattern } from './setup.ts'

const minted = new Map<KeyType, Credentials>()
const keyTypes: readonly KeyType[] = ['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048']
beforeAll(async () => {
  for (const key of keyTypes) minted.set(key, await credentials(key))
})
function of(key: KeyType): Credentials {
  const found = minted.get(key)
  if (!found) throw new Error(`no credentials with ${key}`)
  return found
}

describe.each(recordProviders())('on the provider $name', provider => {
  const suites = provider.cipherSuites.map(suite => suite.name)
  const groups = provider.groups.map(group => group.name)

  describe.each(cuts)('with the transport %s', cut => {
    it('client and server agree, and data goes both ways', () => {
      const pair = pairOf(provider, of('P-256'), { cut }).run()
      expect(pair.client.error ?? pair.server.error).toBeUndefined()
      expect(pair.client.types).toEqual(['connected'])
      expect(pair.server.types).toEqual(['connected'])
      const data = pattern(20_000)
      pair.send(pair.client, data)
      pair.send(pair.server, data)
      expect(pair.server.data).toEqual(data)
      expect(pair.client.data).toEqual(data)
    })

    it.each(suites)('%s carries data', suite => {
      const pair = pairOf(provider, of('P-256'), { cut, client: { cipherSuites: [suite], groups: ['x25519'] } }).run()
      expect(pair.client.connection.info?.cipherSuite).toBe(suite)
      expect(pair.server.connection.info?.cipherSuite).toBe(suite)
      pair.send(pair.client, pattern(1000))
      pair.send(pair.server, pattern(17_000))
      expect(pair.server.data).toEqual(pattern(1000))
      expect(pair.client.data).toEqual(pattern(17_000))
    })

    it.each(groups)('%s makes a key, at once and after a retry', group => {
      const direct = pairOf(provider, of('P-256'), { cut, client: { groups: [group] } }).run()
      expect(direct.client.connection.info).toMatchObject({ group, retried: false })
      expect(direct.server.connection.info).toMatchObject({ group, retried: false })
      const retried = pairOf(provider, of('P-256'), { cut, client: { keyShares: [] }, server: { groups: [group] } }).run()
      expect(retried.client.error).toBeUndefined()
      expect(retried.client.connection.info).toMatchObject({ group, retried: true })
      expect(retried.server.connection.info).toMatchObject({ group, retried: true })
    })

    it('a retry works without compatibility mode too', () => {
      const pair = pairOf(provider, of('P-256'), {
        cut,
        client: { keyShares: ['secp256r1'], compatibilityMode: false },
        server: { groups: ['x25519'] },
      }).run()
      expect(pair.client.connection.info?.retried).toBe(true)
    })

    it.each(keyTypes)('a server proves itself with a key of type %s', key => {
      const pair = pairOf(provider, of(key), { cut, client: { groups: ['x25519'] } }).run()
      expect(pair.client.error).toBeUndefined()
      const schemes = {
        'P-256': 'ecdsa_secp256r1_sha256',
        'P-384': 'ecdsa_secp384r1_sha384',
        'P-521': 'ecdsa_secp521r1_sha512',
        Ed25519: 'ed25519',
        'RSA-2048': 'rsa_pss_rsae_sha256',
      }
      expect(pair.client.connection.info?.signatureScheme).toBe(schemes[key as keyof typeof schemes])
      expect(pair.client.connection.info?.peer?.verified).toBe(true)
    })

    it('a client proves itself where the server asks, and may decline where the server lets it', () => {
      const credentials = of('P-256')
      const trust = { trust: credentials.trust(provider) }
      const identity = credentials.identity(provider)
      const proven = pairOf(provider, credentials, { cut, client: { identity }, server: { clientAuth: 'require', ...trust } }).run()
      expect(proven.server.connection.info?.peer?.chain).toEqual(identity.chain)
      expect(proven.client.connection.info?.localIdentity).toBe(identity)
      const declined = pairOf(provider, credentials, { cut, server: { clientAuth: 'request', ...trust } }).run()
      expect(declined.server.connected).toBe(true)
      expect(declined.server.connection.info?.peer).toBeUndefined()
    })

    it('server name and application protocol are agreed on', () => {
      const pair = pairOf(provider, of('P-256'), { cut, client: { alpn: ['h2', 'http/1.1'] }, server: { alpn: ['http/1.1', 'h2'] } }).run()
      for (const side of [pair.client, pair.server])
        expect(side.connection.info).toMatchObject({ alpn: 'http/1.1', serverName: 'localhost' })
    })

    it('each side closes for itself, and the other may go on', () => {
      const pair = pairOf(provider, of('P-256'), { cut }).run()
      pair.client.connection.end()
      pair.run()
      expect(pair.server.types).toEqual(['connected', 'end'])
      expect(pair.server.connection.waitingFor).toBe('nothing')
      pair.send(pair.server, pattern(100))
      expect(pair.client.data).toEqual(pattern(100))
      pair.server.connection.end()
      pair.run()
      expect(pair.client.types).toEqual(['connected', 'end'])
      pair.client.connection.receiveEnd()
      pair.server.connection.receiveEnd()
      pair.run()
      expect(pair.client.error ?? pair.server.error).toBeUndefined()
    })

    it('keys are updated by either side, and by request', () => {
      const pair = pairOf(provider, of('P-256'), { cut }).run()
      pair.client.connection.updateKeys({ requestPeer: true })
      pair.run()
      pair.send(pair.client, pattern(50))
      pair.send(pair.server, pattern(60))
      pair.server.connection.updateKeys()
      pair.run()
      pair.send(pair.server, pattern(10))
      expect(pair.server.data).toEqual(pattern(50))
      expect(pair.client.data).toEqual(Uint8Array.of(...pattern(60), ...pattern(10)))
      const updates = (side: typeof pair.client) => side.events.flatMap(event => (event.type === 'keys-updated' ? [event.direction] : []))
      expect(updates(pair.client)).toEqual(['out', 'in', 'in'])
      expect(updates(pair.server)).toEqual(['in', 'out', 'out'])
    })
  })

  it('a megabyte arrives whole, in both directions at once', () => {
    const pair = pairOf(provider, of('P-256'), { client: { groups: ['x25519'] } }).run()
    const data = pattern(2 ** 20)
    expect(pair.client.connection.send(data.subarray(0, 2 ** 19))).toBe(2 ** 19)
    expect(pair.server.connection.send(data.subarray(0, 2 ** 19))).toBe(2 ** 19)
    pair.run()
    pair.send(pair.client, data.subarray(2 ** 19))
    pair.send(pair.server, data.subarray(2 ** 19))
    expect(Buffer.compare(pair.server.data, data)).toBe(0)
    expect(Buffer.compare(pair.client.data, data)).toBe(0)
  })

  it('both sides export the same keying material, and other material for another label, context or length', () => {
    const pair = pairOf(provider, of('P-256')).run()
    const material = (side: typeof pair.client, label: string, context?: Uint8Array) =>
      side.connection.exportKeyingMaterial(label, context, 40)
    expect(material(pair.client, 'EXPERIMENTAL test')).toEqual(material(pair.server, 'EXPERIMENTAL test'))
    expect(material(pair.client, 'a', Uint8Array.of(1))).toEqual(material(pair.server, 'a', Uint8Array.of(1)))
    expect(material(pair.client, 'a')).not.toEqual(material(pair.client, 'b'))
    expect(material(pair.client, 'a')).not.toEqual(material(pair.client, 'a', Uint8Array.of(1)))
  })

  it('the key log of both sides is the same, in the format of RFC 9850', () => {
    const logs: { client: string[]; server: string[] } = { client: [], server: [] }
    pairOf(provider, of('P-256'), {
      client: { keyLog: line => logs.client.push(line) },
      server: { keyLog: line => logs.server.push(line) },
    }).run()
    expect(logs.client).toEqual(logs.server)
    expect(logs.client.map(line => line.split(' ')[0])).toEqual([
      'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
      'SERVER_HANDSHAKE_TRAFFIC_SECRET',
      'CLIENT_TRAFFIC_SECRET_0',
      'SERVER_TRAFFIC_SECRET_0',
      'EXPORTER_SECRET',
    ])
    for (const line of logs.client) expect(line).toMatch(/^[A-Z0-9_]+ [0-9a-f]{64} ([0-9a-f]{64}|[0-9a-f]{96})$/)
  })

  it('a trace names every message that passes, with its fields', () => {
    const seen: string[] = []
    pairOf(provider, of('P-256'), {
      client: {
        trace: ({ direction, kind, fields }) => {
          seen.push(`${direction} ${kind}`)
          if (kind === 'server_hello') expect(fields.find(field => field.path === 'extensions.supported_versions')?.value).toBe(0x0304)
        },
      },
    }).run()
    expect(seen).toEqual([
      'out client_hello',
      'in server_hello',
      'in change_cipher_spec',
      'in encrypted_extensions',
      'in certificate',
      'in certificate_verify',
      'in finished',
      'out change_cipher_spec',
      'out finished',
    ])
  })

  it('two providers understand each other', () => {
    for (const other of recordProviders()) {
      const pair = pairOf(provider, of('P-384'), { server: { crypto: other, identity: of('P-384').identity(other) } }).run()
      expect(pair.client.error ?? pair.server.error).toBeUndefined()
      pair.send(pair.client, pattern(5000))
      expect(pair.server.data).toEqual(pattern(5000))
    }
  })
})

describe.each(recordProviders())('a client that sends reserved values, on the provider $name', provider => {
  it('is understood, at once, after a retry, and when it resumes', () => {
    const grease = { grease: true }
    const hellos: Uint8Array[] = []
    const trace = ({ kind, bytes }: { kind: string; bytes: Uint8Array }) => kind === 'client_hello' && hellos.push(bytes)
    for (const keyShares of [['x25519'], []]) {
      const pair = pairOf(provider, of('P-256'), { client: { ...grease, keyShares, trace } }).run()
      expect(pair.client.error ?? pair.server.error).toBeUndefined()
    }
    expect(hellos).toHaveLength(3)
    for (const hello of hellos) expect(Buffer.from(hello).toString('hex')).toMatch(/([0-9a-f])a\1a/)
  })

  it('refuses a server that answers with one', () => {
    const shapeExtensions = (message: string, list: readonly { type: number; data: Uint8Array }[]) =>
      message === 'encrypted_extensions'
        ? [...list, ...Array.from({ length: 16 }, (_, i) => ({ type: i * 0x1010 + 0x0a0a, data: new Uint8Array(0) }))]
        : list
    const pair = pairOf(provider, of('P-256'), { client: { grease: true }, server: { shapeExtensions } }).run()
    expect(pair.client.error).toMatchObject({ code: 'unsolicited-extension', alert: 'unsupported_extension' })
  })
})

describe.each(recordProviders())('a server with several identities, on the provider $name', provider => {
  const named = (key: KeyType, ...serverNames: string[]) => ({
    ...of(key).identity(provider),
    ...(serverNames.length > 0 && { serverNames }),
  })
  const schemeFor = (serverName: string, identity: ReturnType<typeof named>[]) => {
    const pair = pairOf(provider, of('P-256'), {
      client: { serverName, ...({ trust: undefined } as object) },
      server: { identity },
      decideClient: question => question.type === 'peer-certificate' && question.answer(acceptWithoutVerification(question.chain)),
    }).run()
    return pair.client.connection.info?.signatureScheme ?? pair.server.error?.code
  }

  it('chooses by the name that is asked for, and by the key that can sign', () => {
    const all = [named('P-256', 'a.example'), named('P-384', '*.b.example'), named('Ed25519')]
    expect(schemeFor('a.example', all)).toBe('ecdsa_secp256r1_sha256')
    expect(schemeFor('A.Example', all)).toBe('ecdsa_secp256r1_sha256')
    expect(schemeFor('x.b.example', all)).toBe('ecdsa_secp384r1_sha384')
    expect(schemeFor('x.y.b.example', all)).toBe('ed25519')
    expect(schemeFor('b.example', all)).toBe('ed25519')
    expect(schemeFor('c.example', all.slice(0, 2))).toBe('name-not-served')
  })
})
