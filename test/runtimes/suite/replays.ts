/** RFC 8448 §3, replayed through the engine as the client: every record that leaves is the one of the RFC. */
import type { DiffieHellmanGroup } from '../../../src/crypto/key-exchange.ts'
import type { CryptoProvider, KeyExchange } from '../../../src/crypto/provider.ts'
import { createWasmProvider } from '../../../src/crypto/wasm.ts'
import { createClient } from '../../../src/engine.ts'
import type { RawExtension, ShapeExtensions } from '../../../src/types.ts'
import { concat } from '../../../src/wire/bytes.ts'
import { acceptWithoutVerification } from '../../../src/x509/index.ts'
import { Side } from '../../pair.ts'
import { fromHex, type RuntimeTest, same, type World } from './kit.ts'
import { records, rfc8448 } from './rfc8448.ts'

export const replays: readonly RuntimeTest[] = [
  {
    name: 'a client replays RFC 8448, octet for octet',
    run({ random, now }) {
      const connection = createClient({
        crypto: providerOfTheTrace(random),
        now,
        serverName: 'server',
        cipherSuites: ['TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_256_GCM_SHA384'],
        groups: ['x25519', 'secp256r1', 'secp384r1'],
        keyShares: ['x25519'],
        compatibilityMode: false,
        shapeExtensions: asInTheTrace,
      })
      const side = new Side(connection, question => {
        if (question.type === 'peer-certificate') question.answer(acceptWithoutVerification(question.chain))
      })
      for (const { actor, op, payload, record } of records) {
        if (actor === 'server') connection.receive(fromHex(record))
        if (actor === 'client' && op.includes('application_data')) connection.send(fromHex(payload))
        if (actor === 'client' && op.includes('alert')) connection.end()
        side.drain()
        if (side.error) throw side.error
        if (actor === 'client') same(concat(...connection.takeOutput()), fromHex(record), `what leaves at '${op}'`)
      }
      same(side.types, ['peer-certificate', 'connected', 'session', 'end'], 'the events')
      same(side.data.length, 50, 'the length of the data that came')
    },
  },
]

/** With the random value and the key of the trace; and it takes the RFC's small RSA key. */
function providerOfTheTrace(random: World['random']): CryptoProvider {
  const provider = createWasmProvider({ random, minimumRsaBits: 1024 })
  const withKey = (group: KeyExchange): KeyExchange => ({
    ...group,
    generate: () => (group as DiffieHellmanGroup).pairOf(fromHex(rfc8448.clientPrivateKey)),
  })
  return { ...provider, groups: provider.groups.map(withKey), random: () => fromHex(rfc8448.clientHello).slice(6, 38) }
}

/** The extensions of the RFC's ClientHello, in its order; the key share is the engine's. */
const asInTheTrace: ShapeExtensions = (message, own) => {
  if (message !== 'client_hello') return own
  const keyShare = 51
  return extensionsOf(fromHex(rfc8448.clientHello)).map(
    each => (each.type === keyShare && own.find(({ type }) => type === keyShare)) || each,
  )
}

/** What follows the header, version, random, empty session ID, cipher suites and compression method, each with its length. */
function extensionsOf(hello: Uint8Array): readonly RawExtension[] {
  const view = new DataView(hello.buffer)
  const afterSuites = 4 + 2 + 32 + 1 + 2 + view.getUint16(39)
  const list: RawExtension[] = []
  for (let at = afterSuites + 2 + 2; at < hello.length; ) {
    const length = view.getUint16(at + 2)
    list.push({ type: view.getUint16(at), data: hello.slice(at + 4, at + 4 + length) })
    at += 4 + length
  }
  return list
}
