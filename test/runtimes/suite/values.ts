/** Values that are known: RFC 8448 §3, computed again by what this runtime makes of the code; and what the two portable providers share. */
import { createNobleProvider } from '../../../src/crypto/noble.ts'
import type { CipherSuite, CryptoProvider } from '../../../src/crypto/provider.ts'
import { createWasmProvider } from '../../../src/crypto/wasm.ts'
import { mozillaRoots, mozillaRootsInfo } from '../../../src/roots.ts'
import { earlyStage, finishedMac, trafficKey } from '../../../src/schedule/key-schedule.ts'
import { concat } from '../../../src/wire/bytes.ts'
import { encodePem, PrivateIdentity } from '../../../src/x509/index.ts'
import { client, root } from './credentials.ts'
import { assert, fromHex, pattern, type RuntimeTest, same } from './kit.ts'
import { trustIn } from './pairs.ts'
import { rfc8448 as hex } from './rfc8448.ts'

const rfc = Object.fromEntries(Object.entries(hex).map(([name, value]) => [name, fromHex(value)])) as Record<keyof typeof hex, Uint8Array>

function suiteOf({ cipherSuites }: CryptoProvider, name: string): CipherSuite {
  const suite = cipherSuites.find(each => each.name === name)
  assert(suite, `${name} should be there`)
  return suite
}

const aes128 = 'TLS_AES_128_GCM_SHA256'

export const values: readonly RuntimeTest[] = [
  {
    name: 'X25519 gives the share and the secret of RFC 8448',
    run() {
      const fixed = createWasmProvider({ random: size => rfc.clientPrivateKey.slice(0, size) })
      const group = fixed.groups.find(({ name }) => name === 'x25519')
      const pair = group?.generate()
      same(pair?.share, rfc.clientShare, 'the share')
      same(pair?.agree(rfc.serverShare), rfc.sharedSecret, 'the secret')
    },
  },
  {
    name: 'the key schedule gives the secrets, keys and MACs of RFC 8448',
    run({ provider }) {
      const suite = suiteOf(provider, aes128)
      const transcript = (...messages: Uint8Array[]) =>
        suite.hash
          .create()
          .update(concat(...messages))
          .digest()
      const hellos = transcript(rfc.clientHello, rfc.serverHello)
      const handshake = earlyStage(suite.hash).handshake(rfc.sharedSecret.slice())
      const clientTraffic = handshake.clientTrafficSecret(hellos)
      same(clientTraffic, rfc.clientHandshakeTraffic, 'c hs traffic')
      same(handshake.serverTrafficSecret(hellos), rfc.serverHandshakeTraffic, 's hs traffic')
      same(trafficKey(suite, rfc.serverHandshakeTraffic), { key: rfc.serverHandshakeKey, iv: rfc.serverHandshakeIv }, 'its key and IV')
      const whole = [rfc.clientHello, rfc.serverHello, rfc.serverFlight]
      const mac = finishedMac(suite.hash, clientTraffic, transcript(...whole))
      same(mac, rfc.clientFinished, 'the MAC of Finished')
      const main = handshake.main()
      same(main.clientTrafficSecret(transcript(...whole)), rfc.clientApplicationTraffic, 'c ap traffic')
      same(main.serverTrafficSecret(transcript(...whole)), rfc.serverApplicationTraffic, 's ap traffic')
      const finished = concat(Uint8Array.of(20, 0, 0, mac.length), mac)
      same(main.resumptionSecret(transcript(...whole, finished)), rfc.resumptionSecret, 'res master')
    },
  },
  {
    name: 'the first protected record of RFC 8448 opens, and not with another byte',
    run({ provider }) {
      const { aead } = suiteOf(provider, aes128)
      const [head, body] = [rfc.serverFlightRecord.subarray(0, 5), rfc.serverFlightRecord.subarray(5)]
      const open = (sealed: Uint8Array) => aead.key(rfc.serverHandshakeKey).open(rfc.serverHandshakeIv, head, sealed)
      // The content type, handshake, stands behind the content.
      same(open(body.slice()), concat(rfc.serverFlight, Uint8Array.of(22)), 'the plaintext')
      same(open(body.with(7, (body[7] ?? 0) ^ 1)), undefined, 'what a forgery opens to')
    },
  },
  {
    name: 'WebAssembly serves where it runs, noble where it does not, and both give the same ciphertexts',
    run({ provider, providerName, random }) {
      same(provider.name, providerName, 'the provider')
      const noble = createNobleProvider({ random })
      for (const { name, aead } of provider.cipherSuites) {
        const other = suiteOf(noble, name).aead
        for (const length of [0, 1, 100, 5000]) {
          const [nonce, aad] = [pattern(12), pattern(5)]
          const sealed = [aead, other].map(each => {
            const out: Uint8Array[] = []
            each.key(pattern(each.keySize)).seal(nonce, aad, [pattern(length)], out)
            return concat(...out)
          })
          same(sealed[0], sealed[1], `the ciphertext of ${name}`)
          same(aead.key(pattern(aead.keySize)).open(nonce, aad, sealed[1] ?? nonce), pattern(length), `the plaintext of ${name}`)
        }
      }
    },
  },
  {
    name: 'certificates and keys are read from PEM',
    run({ provider: crypto }) {
      const [certificate, pkcs8] = [fromHex(client.certificate), fromHex(client.pkcs8)]
      const identity = PrivateIdentity.parse(encodePem('PRIVATE KEY', pkcs8), encodePem('CERTIFICATE', certificate), { crypto })
      same(identity.chain, [certificate], 'the chain')
    },
  },
  {
    name: 'a trust store judges a chain without any connection',
    run(world) {
      const request = { name: undefined, purpose: 'client', now: world.now() } as const
      const { verified, subjects } = trustIn(world, root).verify([fromHex(client.certificate)], request)
      same([verified, subjects], [true, ['CN=client.example']], 'the verdict')
    },
  },
  {
    name: "Mozilla's roots are decoded",
    run() {
      const roots = mozillaRoots()
      same(roots.length, mozillaRootsInfo.count, 'how many there are')
      assert(
        roots.some(({ label }) => label === 'ISRG Root X1'),
        'ISRG Root X1 should be one',
      )
    },
  },
]
