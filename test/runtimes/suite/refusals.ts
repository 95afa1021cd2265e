/** What must not pass: chains that lead nowhere, bytes that mean nothing, transports that end early. */
import type { ClientOptions } from '../../../src/types.ts'
import { CertificateError } from '../../../src/x509/index.ts'
import { ecdsaP256, intermediate, intermediated, other, root } from './credentials.ts'
import { assert, failure, pattern, type RuntimeTest, same, type World } from './kit.ts'
import { identityOf, pairOf, type Setup, talk, trustIn } from './pairs.ts'

const days = 86_400_000

/** Refused by the client, whose alert the server gets. */
function refused(world: World, code: string, alert: string, setup: Setup): void {
  const { client, server } = pairOf(world, setup).run()
  failure(client.error, code, 'the client')
  assert(client.error instanceof CertificateError, 'the error should name a certificate')
  failure(server.error, 'peer-alert', 'the server')
  same(server.error.alert, alert, 'what the server is told')
  same(client.connection.info, undefined, 'what was agreed')
}

/** With another last bit. */
const bent = (bytes: Uint8Array) => bytes.with(-1, (bytes.at(-1) ?? 0) ^ 1)

const byClient = (client: Partial<ClientOptions>): Setup => ({ client })

export const refusals: readonly RuntimeTest[] = [
  {
    name: 'a chain is followed over an intermediate to its root',
    run(world) {
      const { client } = talk(world, { server: { identity: identityOf(world, intermediated, intermediate) } })
      same(client.peer?.subjects, ['CN=localhost', 'CN=Runtimes\\, intermediate'], 'the subjects')
    },
  },
  {
    name: 'a chain without its intermediate is refused',
    run(world) {
      refused(world, 'issuer-unknown', 'unknown_ca', { server: { identity: identityOf(world, intermediated) } })
    },
  },
  {
    name: 'a chain to another root is refused',
    run(world) {
      refused(world, 'issuer-unknown', 'unknown_ca', byClient({ trust: trustIn(world, other) }))
    },
  },
  {
    name: 'a certificate is refused before its time and after it',
    run(world) {
      refused(world, 'certificate-expired', 'certificate_expired', byClient({ now: () => world.now() + 36_600 * days }))
      refused(world, 'certificate-not-yet-valid', 'certificate_expired', byClient({ now: () => Date.UTC(2025, 0) }))
    },
  },
  {
    name: 'a certificate for another name is refused',
    run(world) {
      refused(world, 'certificate-name-mismatch', 'bad_certificate', byClient({ serverName: 'example.com' }))
      refused(world, 'certificate-name-mismatch', 'bad_certificate', byClient({ serverName: '127.0.0.1' }))
    },
  },
  {
    name: 'a certificate whose signature is bent is refused',
    run(world) {
      const { chain, key } = identityOf(world, ecdsaP256)
      refused(world, 'certificate-signature', 'bad_certificate', { server: { identity: { chain: chain.map(bent), key } } })
    },
  },
  {
    name: 'bytes that are no TLS are answered with an alert',
    run(world) {
      const { connection } = pairOf(world).server
      connection.receive(Uint8Array.from('GET / HTTP/1.1\r\n\r\n', letter => letter.charCodeAt(0)))
      const event = connection.poll()
      assert(event?.type === 'failed', 'the server should have failed')
      same(event.error.origin, 'local', 'who has found it')
      const [record] = connection.takeOutput()
      same(record?.subarray(0, 5), Uint8Array.of(21, 3, 3, 0, 2), 'the head of the record that answers')
    },
  },
  {
    name: 'a bit that is flipped in any flight ends the handshake on both sides',
    run(world) {
      for (const flip of [0, 1, 2]) {
        let flight = 0
        const tamper = (_: string, chunk: Uint8Array) => (flight++ === flip ? bent(chunk) : chunk)
        const { client, server } = pairOf(world, { cut: 'joined', tamper, client: { groups: ['x25519'] } }).run()
        assert(client.error && server.error, `both sides should have failed for the bit in flight ${flip}`)
        same([client.data.length, server.data.length], [0, 0], 'the data that came')
      }
    },
  },
  {
    name: 'a record that was tampered with is bad_record_mac, and its data is not delivered',
    run(world) {
      const { pair } = talk(world)
      const { client, server } = pair
      const { length } = server.data
      client.connection.send(pattern(100))
      const [record] = client.output('joined')
      assert(record, 'there should be a record')
      record[50] = (record[50] ?? 0) ^ 0x10
      server.connection.receive(record)
      pair.run()
      failure(server.error, 'bad-record-mac', 'the server')
      same(server.data.length, length, 'the data that came')
      same(client.error?.alert, 'bad_record_mac', 'what the client is told')
    },
  },
  {
    name: 'a transport that ends without close_notify is a truncation',
    run(world) {
      const { pair } = talk(world)
      pair.client.connection.receiveEnd()
      pair.run()
      failure(pair.client.error, 'truncated', 'the client')
      same(pair.client.error.origin, 'transport', 'whose fault it was')
    },
  },
  {
    name: 'what the caller does wrong is thrown at the call',
    run(world) {
      const { client } = pairOf(world)
      let thrown: unknown
      try {
        client.connection.send(pattern(1))
      } catch (error) {
        thrown = error
      }
      assert(thrown instanceof TypeError, 'send before connected should be a TypeError')
      same(client.error, undefined, 'the error of the connection')
      assert(trustIn(world, root), 'the same call works with what is right')
    },
  },
]
