/** A key that never leaves its keeper: here WebCrypto's non-extractable keys, which sign later, by the question `sign`. */
import { webcrypto } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Identity, SignQuestion } from '../../src/types.ts'
import { type Credentials, credentials, type KeyType } from '../credentials.ts'
import { encode, encodeSequence, type SignatureFormat } from '../der.ts'
import { providers } from '../providers.ts'
import { pairOf, pattern } from './setup.ts'

interface Kind {
  readonly key: KeyType
  readonly scheme: number
  readonly imported: string | webcrypto.EcKeyImportParams | webcrypto.RsaHashedImportParams
  readonly signing: string | webcrypto.EcdsaParams | webcrypto.RsaPssParams
  /** WebCrypto gives ECDSA's two numbers side by side; TLS wants them as DER. */
  readonly format: SignatureFormat
}

const kinds: readonly Kind[] = [
  {
    key: 'P-256',
    scheme: 0x0403,
    imported: { name: 'ECDSA', namedCurve: 'P-256' },
    signing: { name: 'ECDSA', hash: 'SHA-256' },
    format: 'pair',
  },
  {
    key: 'P-384',
    scheme: 0x0503,
    imported: { name: 'ECDSA', namedCurve: 'P-384' },
    signing: { name: 'ECDSA', hash: 'SHA-384' },
    format: 'pair',
  },
  { key: 'Ed25519', scheme: 0x0807, imported: 'Ed25519', signing: 'Ed25519', format: 'whole' },
  {
    key: 'RSA-2048',
    scheme: 0x0804,
    imported: { name: 'RSA-PSS', hash: 'SHA-256' },
    signing: { name: 'RSA-PSS', saltLength: 32 },
    format: 'whole',
  },
]

describe.each(providers())('on the provider $name', provider => {
  describe.each(kinds)('a key of type $key in WebCrypto', ({ key, scheme, imported, signing, format }) => {
    let minted: Credentials
    let kept: webcrypto.CryptoKey
    beforeAll(async () => {
      minted = await credentials(key)
      kept = await webcrypto.subtle.importKey('pkcs8', new Uint8Array(minted.pkcs8), imported, false, ['sign'])
    })
    const identity = (): Identity => {
      const { chain, key: known } = minted.identity(provider)
      return { chain, key: { schemes: [scheme], ...(known.spki && { spki: known.spki }) } }
    }
    const sign = async ({ message }: SignQuestion): Promise<Uint8Array> => {
      const signature = new Uint8Array(await webcrypto.subtle.sign(signing, kept, new Uint8Array(message)))
      return format === 'whole' ? signature : encodeSequence(signature)
    }

    it('proves a server and a client', async () => {
      expect(kept.extractable).toBe(false)
      const asked: SignQuestion[] = []
      const decide = (question: { type: string }) => question.type === 'sign' && asked.push(question as SignQuestion)
      const pair = pairOf(provider, minted, {
        client: { identity: identity() },
        server: { identity: identity(), clientAuth: 'require', trust: minted.trust(provider) },
        decideClient: decide,
        decideServer: decide,
      }).run()
      for (let question = asked.shift(); question; question = asked.shift()) {
        question.answer(await sign(question))
        pair.run()
      }
      expect(pair.client.error ?? pair.server.error).toBeUndefined()
      expect(pair.server.connection.info?.peer?.verified).toBe(true)
      pair.send(pair.client, pattern(100))
      expect(pair.server.data).toEqual(pattern(100))
    })
  })
})

// The helper is small enough to be checked here.
it('a pair of numbers becomes DER', () => {
  expect(encodeSequence(Uint8Array.of(0, 1, 0x80, 2))).toEqual(Uint8Array.of(0x30, 8, 2, 1, 1, 2, 3, 0, 0x80, 2))
  expect(encode(2, Uint8Array.of(5))).toEqual(Uint8Array.of(2, 1, 5))
})
