/** Handshakes: each suite, group and kind of key that the portable provider has, and what else may pass before data does. */
import type { Question } from '../../../src/types.ts'
import { type Credential, client, ecdsaP256, ecdsaP384, ecdsaP521, ed25519, root, rsa } from './credentials.ts'
import { assert, failure, pattern, type RuntimeTest, same, sameBytes, type World } from './kit.ts'
import { exchange, identityOf, infoOf, pairOf, serverOf, talk, trustIn } from './pairs.ts'

const suites = [
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_AES_128_CCM_SHA256',
  'TLS_AES_128_CCM_8_SHA256',
]

const groups = ['X25519MLKEM768', 'x25519', 'secp256r1', 'secp384r1', 'secp521r1', 'SecP256r1MLKEM768', 'SecP384r1MLKEM1024', 'x448']

const keys: readonly (readonly [scheme: string, credential: Credential])[] = [
  ['ecdsa_secp256r1_sha256', ecdsaP256],
  ['ecdsa_secp384r1_sha384', ecdsaP384],
  ['ecdsa_secp521r1_sha512', ecdsaP521],
  ['ed25519', ed25519],
  ['rsa_pss_rsae_sha256', rsa],
]

export const handshakes: readonly RuntimeTest[] = [
  {
    name: 'the portable provider has the suites and groups that are tried here, and no others',
    run({ provider }) {
      const names = (of: 'cipherSuites' | 'groups') => [...provider[of], ...(provider.optional?.[of] ?? [])].map(({ name }) => name)
      same(names('cipherSuites'), suites, 'the suites')
      same(names('groups'), groups, 'the groups')
    },
  },
  ...suites.map(suite => ({
    name: `the sides agree on ${suite}`,
    run(world: World) {
      const only = { cipherSuites: [suite] }
      const { client, server } = talk(world, { client: only, server: only })
      same([client.cipherSuite, server.cipherSuite], [suite, suite], 'the suite')
    },
  })),
  ...groups.map(group => ({
    name: `the sides agree on a key by ${group}`,
    run(world: World) {
      const only = { groups: [group] }
      const { client, server } = talk(world, { client: only, server: only })
      same([client.group, server.group], [group, group], 'the group')
    },
  })),
  ...keys.map(([scheme, credential]) => ({
    name: `a server proves itself by ${scheme}`,
    run(world: World) {
      const { client, server } = talk(world, { server: { identity: identityOf(world, credential) } })
      same([client.signatureScheme, server.signatureScheme], [scheme, scheme], 'the scheme')
      same(client.peer?.verified, true, 'whether the chain was judged')
    },
  })),
  {
    name: 'with no option the sides agree on the hybrid group',
    run(world) {
      same(talk(world).client.group, 'X25519MLKEM768', 'the group')
    },
  },
  {
    name: 'a server without a share of its groups asks the client to retry',
    run(world) {
      const { client, server } = talk(world, { client: { keyShares: ['x25519'] }, server: { groups: ['secp384r1'] } })
      same([client.group, client.retried, server.retried], ['secp384r1', true, true], 'what was agreed')
    },
  },
  {
    name: 'a retry is stateless where the server has a key for cookies',
    run(world) {
      const cookie = { key: world.random(32), always: true }
      const { pair, client } = talk(world, { server: { cookie } })
      same(client.retried, true, 'whether there was a retry')
      assert(pair.server.types.includes('retry-requested'), 'the server should have said that it may be dropped')
    },
  },
  {
    name: 'the sides agree on an application protocol, and can find none',
    run(world) {
      const { client, server } = talk(world, { client: { alpn: ['h2', 'http/1.1'] }, server: { alpn: ['http/1.1'] } })
      same([client.alpn, server.alpn], ['http/1.1', 'http/1.1'], 'the protocol')
      const none = pairOf(world, { client: { alpn: ['h2'] }, server: { alpn: ['smtp'] } }).run()
      failure(none.server.error, 'no-common-application-protocol', 'the server')
      same(none.client.error?.alert, 'no_application_protocol', 'what the client is told')
    },
  },
  {
    name: 'the sides agree although the transport hands over one byte at a time',
    run(world) {
      talk(world, { cut: 'one byte at a time', client: { groups: ['x25519'] } })
    },
  },
  {
    name: 'a client proves itself, and one that does not is refused where it has to',
    run(world) {
      const server = { clientAuth: 'require', trust: trustIn(world, root) } as const
      const { server: agreed } = talk(world, { server, client: { identity: identityOf(world, client) } })
      same(agreed.peer?.subjects, ['CN=client.example'], 'who the client is')
      const nobody = pairOf(world, { server }).run()
      failure(nobody.server.error, 'certificate-required', 'the server')
      same(nobody.client.error?.alert, 'certificate_required', 'what the client is told')
    },
  },
  {
    name: 'a client proves itself after the handshake',
    run(world) {
      const asked = { postHandshakeAuth: true, identity: identityOf(world, client) }
      const { pair, server } = talk(world, { client: asked, server: { trust: trustIn(world, root) } })
      same(server.peer, undefined, 'who the client is at first')
      serverOf(pair).requestClientCertificate()
      pair.run()
      same(infoOf(pair.server, 'the server').peer?.subjects, ['CN=client.example'], 'who the client is')
      exchange(pair)
    },
  },
  {
    name: 'a signature may come later, from a key that is elsewhere',
    async run(world) {
      const identity = identityOf(world, ed25519)
      const { schemes, sign } = identity.key
      assert(sign, 'the key should sign')
      const open: Question[] = []
      const options = {
        server: { identity: { ...identity, key: { schemes } } },
        decideServer: (question: Question) => void open.push(question),
      }
      const pair = pairOf(world, options).run()
      const [question] = open
      assert(question?.type === 'sign', 'the server should have asked for a signature')
      same(pair.server.connection.waitingFor, 'answer', 'what the server waits for')
      question.answer(await Promise.resolve(sign(question.scheme, question.message)))
      pair.run()
      infoOf(pair.client, 'the client')
      exchange(pair)
    },
  },
  {
    name: 'keys are updated from either side',
    run(world) {
      const { pair } = talk(world)
      pair.client.connection.updateKeys({ requestPeer: true })
      pair.run()
      pair.server.connection.updateKeys()
      pair.run()
      const directions = pair.client.events.flatMap(event => (event.type === 'keys-updated' ? [event.direction] : []))
      same(directions.sort(), ['in', 'in', 'out'], 'the updates that the client has seen')
      exchange(pair)
    },
  },
  {
    name: 'both sides export the same keys, and bind to the same channel',
    run(world) {
      const { client, server } = talk(world).pair
      const keys = [client, server].map(({ connection }) => connection.exportKeyingMaterial('EXPORTER-test', pattern(9), 40))
      same(keys[0], keys[1], 'the exported keys')
      for (const type of ['tls-exporter', 'tls-server-end-point'] as const) {
        same(client.connection.channelBinding(type), server.connection.channelBinding(type), type)
      }
    },
  },
  {
    name: 'a side that ends still gets what the other sends',
    run(world) {
      const { pair } = talk(world)
      pair.client.connection.end()
      pair.run()
      assert(pair.server.types.includes('end'), 'the server should see the end')
      const { length } = pair.client.data
      pair.send(pair.server, pattern(500))
      sameBytes([pair.client.data.subarray(length)], pattern(500), 'what comes after the end')
      pair.server.connection.end()
      pair.run()
      same(
        [pair.client, pair.server].map(({ connection }) => connection.waitingFor),
        ['nothing', 'nothing'],
        'what the sides wait for',
      )
    },
  },
  {
    name: 'more goes each way than a record holds',
    run(world) {
      const { pair } = talk(world)
      const data = pattern(100_000)
      const before = [pair.client.data.length, pair.server.data.length] as const
      pair.send(pair.client, data)
      pair.send(pair.server, data)
      sameBytes([pair.server.data.subarray(before[1])], data, 'what the server got')
      sameBytes([pair.client.data.subarray(before[0])], data, 'what the client got')
    },
  },
]
