/** How certificates go over the wire: stapled, compressed, as raw keys, and after the handshake. */
import { brotliCompressSync, brotliDecompressSync, deflateSync, inflateSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import type { CertificateCompression, Identity, Question, ServerConnection } from '../../src/types.ts'
import { acceptWithoutVerification, createTrustStore } from '../../src/x509/index.ts'
import { type Credentials, credentials } from '../credentials.ts'
import { cuts, type Pair, type Side } from '../pair.ts'
import { providers } from '../providers.ts'
import { pairOf, pattern } from './setup.ts'

let minted: Credentials
beforeAll(async () => {
  minted = await credentials('P-256')
})

const plain = (bytes: Uint8Array) => new Uint8Array(bytes)
const zlib: CertificateCompression = {
  algorithm: 'zlib',
  compress: data => plain(deflateSync(data)),
  decompress: (data, length) => plain(inflateSync(data, { maxOutputLength: length })),
}
const brotli: CertificateCompression = {
  algorithm: 'brotli',
  compress: data => plain(brotliCompressSync(data)),
  decompress: (data, length) => plain(brotliDecompressSync(data, { maxOutputLength: length })),
}

function rawIdentity(provider: CryptoProvider): Identity {
  const { key } = minted.identity(provider)
  if (!key.spki) throw new Error('the key does not know its public key')
  return { type: 'RawPublicKey', chain: [key.spki], key }
}

const serverOf = (pair: Pair) => pair.server.connection as ServerConnection
const kinds = (side: Side) => side.types.filter(type => type === 'peer-authenticated')

describe.each(providers())('on the provider $name', provider => {
  describe('stapling', () => {
    const ocsp = pattern(300)
    const scts = [pattern(50), pattern(60)]
    const stapled = () => ({ ...minted.identity(provider), ocsp, scts })
    const asked = { requestOcsp: true, requestScts: true }

    it.each(cuts)('with the transport %s, an OCSP response and SCTs reach whoever asks for them, in both roles', cut => {
      const questions: Question[] = []
      const decide = (question: Question) => {
        questions.push(question)
        if (question.type === 'peer-certificate') question.answer(acceptWithoutVerification(question.chain))
      }
      const pair = pairOf(provider, minted, {
        cut,
        client: { ...asked, identity: stapled(), ...{ trust: undefined } },
        server: { ...asked, identity: stapled(), clientAuth: 'require' },
        decideClient: decide,
        decideServer: decide,
      } as never).run()
      expect(pair.client.error ?? pair.server.error).toBeUndefined()
      expect(questions).toMatchObject([
        { type: 'peer-certificate', serverName: 'localhost', ocsp, scts, certificateType: 'X509' },
        { type: 'peer-certificate', serverName: undefined, ocsp, scts, certificateType: 'X509' },
      ])
    })

    it('a trust store sees them', () => {
      const seen: unknown[] = []
      const trust = minted.trust(provider)
      const watching: typeof trust = {
        verify: (chain, request) => {
          seen.push(request)
          return trust.verify(chain, request)
        },
      }
      pairOf(provider, minted, { client: { ...asked, trust: watching }, server: { identity: stapled() } }).run()
      expect(seen).toMatchObject([{ ocsp, scts, purpose: 'server', name: 'localhost' }])
    })

    it('nobody gets what was not asked for', () => {
      const trust = minted.trust(provider)
      const requests: object[] = []
      const watching: typeof trust = {
        verify: (chain, request) => {
          requests.push(request)
          return trust.verify(chain, request)
        },
      }
      const pair = pairOf(provider, minted, { client: { trust: watching }, server: { identity: stapled() } }).run()
      expect(requests[0]).not.toHaveProperty('ocsp')
      expect(requests[0]).toMatchObject({ scts: [] })
      expect(pair.client.connected).toBe(true)
    })

    it('a trust store that is not ours may refuse by any error', () => {
      const refusing = {
        verify: () => {
          throw new Error('not on my list')
        },
      }
      const pair = pairOf(provider, minted, { client: { trust: refusing } }).run()
      expect(pair.client.error).toMatchObject({ code: 'peer-refused', alert: 'certificate_unknown', message: 'not on my list' })
    })
  })

  it('a client sees what a server wants of its certificate', () => {
    const oidFilters = [{ oid: Uint8Array.of(6, 3, 0x55, 0x1d, 0x25), values: pattern(12) }]
    const certificateAuthorities = [pattern(30), pattern(40)]
    const asked: Question[] = []
    pairOf(provider, minted, {
      client: { ...({ identity: undefined } as object) },
      server: {
        clientAuth: 'request',
        oidFilters,
        certificateAuthorities,
        signatureSchemes: ['ecdsa_secp256r1_sha256'],
        certificateSignatureSchemes: ['rsa_pkcs1_sha256', 'ed25519'],
      },
      decideClient: question => asked.push(question),
    }).run()
    expect(asked).toMatchObject([
      {
        type: 'certificate-request',
        oidFilters,
        authorities: certificateAuthorities,
        signatureSchemes: [0x0403],
        certificateSignatureSchemes: [0x0401, 0x0807],
        postHandshake: false,
      },
    ])
  })

  describe('compression', () => {
    const traced = (kinds: string[]) => ({
      trace: ({ direction, kind }: { direction: string; kind: string }) => direction === 'in' && kinds.push(kind),
    })

    it.each([
      ['zlib', [zlib]],
      ['brotli', [brotli]],
    ])('%s is used where both sides have it', (_, certificateCompression) => {
      const seen: string[] = []
      // A chain that compresses: the same certificate a few times over.
      const identity = minted.identity(provider)
      const long = { ...identity, chain: Array.from({ length: 4 }, () => identity.chain[0] as Uint8Array) }
      const pair = pairOf(provider, minted, {
        client: { certificateCompression, identity: long, ...traced(seen) },
        server: { certificateCompression, identity: long, clientAuth: 'require', trust: minted.trust(provider) },
      }).run()
      expect(pair.client.error ?? pair.server.error).toBeUndefined()
      expect(seen).toContain('compressed_certificate')
      expect(pair.client.connection.info?.peer?.chain).toEqual(long.chain)
      expect(pair.server.connection.info?.peer?.chain).toEqual(long.chain)
    })

    it('it is not used where the sides have none in common, or only one direction', () => {
      for (const certificateCompression of [[brotli], [{ algorithm: 'zlib' as const, decompress: () => pattern(0) }]]) {
        const seen: string[] = []
        const pair = pairOf(provider, minted, {
          client: { certificateCompression: [zlib], ...traced(seen) },
          server: { certificateCompression },
        }).run()
        expect(pair.client.connected).toBe(true)
        expect(seen).not.toContain('compressed_certificate')
      }
    })

    it.each([
      [
        'throws',
        () => {
          throw new Error('broken')
        },
      ],
      ['gives less than was announced', () => pattern(10)],
    ])('an unpacker that %s ends the connection', (_, decompress) => {
      const server = { certificateCompression: [{ algorithm: 'zlib' as const, compress: () => pattern(20) }] }
      const pair = pairOf(provider, minted, { client: { certificateCompression: [{ algorithm: 'zlib', decompress }] }, server }).run()
      expect(pair.client.error).toMatchObject({ code: 'compressed-certificate', alert: 'bad_certificate' })
    })
  })

  describe('raw public keys', () => {
    const raw = { serverCertificateTypes: ['RawPublicKey', 'X509'], clientCertificateTypes: ['RawPublicKey', 'X509'] } as const
    const knowing = () => createTrustStore({ roots: [], rawPublicKeys: rawIdentity(provider).chain, crypto: provider })

    it.each(cuts)('with the transport %s, both sides prove themselves by them', cut => {
      const pair = pairOf(provider, minted, {
        cut,
        client: { ...raw, trust: knowing(), identity: rawIdentity(provider) },
        server: { ...raw, trust: knowing(), identity: rawIdentity(provider), clientAuth: 'require' },
      }).run()
      expect(pair.client.error ?? pair.server.error).toBeUndefined()
      for (const side of [pair.client, pair.server]) {
        expect(side.connection.info?.peer).toMatchObject({
          certificateType: 'RawPublicKey',
          verified: true,
          chain: rawIdentity(provider).chain,
        })
      }
    })

    it('a server with both kinds gives each client what it takes', () => {
      const server = { identity: [minted.identity(provider), rawIdentity(provider)] }
      const taking = (serverCertificateTypes: readonly ('X509' | 'RawPublicKey')[], trust = minted.trust(provider)) =>
        pairOf(provider, minted, { client: { serverCertificateTypes, trust }, server }).run().client.connection.info?.peer?.certificateType
      expect(taking(['X509'])).toBe('X509')
      expect(taking(['RawPublicKey'], knowing())).toBe('RawPublicKey')
    })

    it('a key that is not known is refused, and types that do not meet too', () => {
      const other = createTrustStore({ roots: [], rawPublicKeys: [pattern(40)], crypto: provider })
      const unknown = pairOf(provider, minted, { client: { ...raw, trust: other }, server: { identity: rawIdentity(provider) } }).run()
      expect(unknown.client.error).toMatchObject({ code: 'raw-key-unknown', alert: 'certificate_unknown' })
      const apart = pairOf(provider, minted, { client: { serverCertificateTypes: ['RawPublicKey'] } }).run()
      expect(apart.server.error).toMatchObject({ code: 'certificate-type', alert: 'unsupported_certificate' })
    })
  })

  describe('after the handshake', () => {
    it.each(cuts)('with the transport %s, a client proves itself when it is asked', cut => {
      const identity = minted.identity(provider)
      const pair = pairOf(provider, minted, {
        cut,
        client: { postHandshakeAuth: true, identity },
        server: { trust: minted.trust(provider) },
      }).run()
      expect(pair.server.connection.info?.peer).toBeUndefined()
      serverOf(pair).requestClientCertificate()
      pair.send(pair.server, pattern(500))
      pair.run()
      expect(pair.client.error ?? pair.server.error).toBeUndefined()
      expect(kinds(pair.server)).toHaveLength(1)
      expect(pair.server.connection.info?.peer).toMatchObject({ verified: true, chain: identity.chain })
      // Again, after an update of the keys that the client's Finished is made under.
      pair.client.connection.updateKeys()
      pair.run()
      serverOf(pair).requestClientCertificate()
      pair.run()
      expect(kinds(pair.server)).toHaveLength(2)
      pair.send(pair.client, pattern(100))
      expect(pair.server.data).toEqual(pattern(100))
      expect(pair.client.data).toEqual(pattern(500))
    })

    it('a client may decide late, sign late, or decline', () => {
      const identity = minted.identity(provider)
      const { schemes, sign } = identity.key
      const open: Question[] = []
      const pair = pairOf(provider, minted, {
        client: { postHandshakeAuth: true, ...({ identity: undefined } as object) },
        server: { trust: minted.trust(provider) },
        decideClient: question => open.push(question),
      }).run()
      serverOf(pair).requestClientCertificate()
      pair.run()
      const [request] = open
      if (request?.type !== 'certificate-request') throw new Error('it was not asked')
      expect(request.postHandshake).toBe(true)
      request.answer({ chain: identity.chain, key: { schemes } })
      pair.run()
      const signing = open[1]
      if (signing?.type !== 'sign' || !sign) throw new Error('there was nothing to sign')
      expect(pair.client.connection.pendingOutput).toBe(0)
      signing.answer(sign(signing.scheme, signing.message))
      pair.run()
      expect(pair.server.connection.info?.peer?.verified).toBe(true)
      serverOf(pair).requestClientCertificate()
      pair.run()
      const again = open[2]
      if (again?.type !== 'certificate-request') throw new Error('it was not asked again')
      again.answer(null)
      pair.run()
      expect(pair.server.events.at(-1)).toMatchObject({ type: 'peer-authenticated', peer: undefined })
      expect(pair.server.error).toBeUndefined()
    })

    it('a client that declines later is still who it was', () => {
      const identities = [minted.identity(provider), null]
      const pair = pairOf(provider, minted, {
        client: { postHandshakeAuth: true, ...({ identity: undefined } as object) },
        server: { trust: minted.trust(provider), clientAuth: 'require' },
        decideClient: question => question.type === 'certificate-request' && question.answer(identities.shift() ?? null),
      }).run()
      serverOf(pair).requestClientCertificate()
      pair.run()
      expect(pair.server.events.at(-1)).toMatchObject({ type: 'peer-authenticated', peer: undefined })
      expect(pair.server.connection.info?.peer?.verified).toBe(true)
    })

    it('it can be asked only of a client that offers it, and once at a time', () => {
      const pair = pairOf(provider, minted, { server: { trust: minted.trust(provider) } }).run()
      expect(() => serverOf(pair).requestClientCertificate()).toThrow(/not offered/)
      const offering = pairOf(provider, minted, { client: { postHandshakeAuth: true }, server: { trust: minted.trust(provider) } })
      expect(() => serverOf(offering).requestClientCertificate()).toThrow(/before connected/)
      offering.run()
      serverOf(offering).requestClientCertificate()
      expect(() => serverOf(offering).requestClientCertificate()).toThrow(/already/)
    })

    it('a client is not asked more often than it bears', () => {
      const pair = pairOf(provider, minted, {
        client: { postHandshakeAuth: true, limits: { certificateRequests: 2 } },
        server: { trust: minted.trust(provider) },
      }).run()
      for (let i = 0; i < 3; i++) {
        serverOf(pair).requestClientCertificate()
        pair.run()
      }
      expect(pair.client.error).toMatchObject({ code: 'too-many-requests', alert: 'unexpected_message' })
    })
  })

  describe('records', () => {
    it.each([64, 100, 1000, 16_385])('of at most %i bytes are asked for and kept to', recordSizeLimit => {
      const sizes: number[] = []
      const pair = pairOf(provider, minted, {
        client: { recordSizeLimit, groups: ['x25519'] },
        tamper: (from, chunk) => {
          if (from === 'server' && chunk.length === 5 && chunk[0] === 23) sizes.push(((chunk[3] ?? 0) << 8) + (chunk[4] ?? 0))
          return chunk
        },
      }).run()
      pair.send(pair.server, pattern(40_000))
      expect(pair.client.data).toEqual(pattern(40_000))
      pair.send(pair.client, pattern(40_000))
      expect(pair.server.data).toEqual(pattern(40_000))
      expect(Math.max(...sizes)).toBe(recordSizeLimit + 16)
    })

    it('are padded as the policy says, within the limit', () => {
      const plainPair = pairOf(provider, minted).run()
      const padded = pairOf(provider, minted, { client: { padding: length => 256 - (length % 256) } }).run()
      const outputOf = (pair: Pair) => {
        pair.client.connection.send(pattern(10))
        const size = pair.client.connection.pendingOutput
        pair.run()
        expect(pair.server.data).toEqual(pattern(10))
        return size
      }
      expect(outputOf(padded) - outputOf(plainPair)).toBe(246)
    })
  })

  it('channel bindings are the same on both sides', () => {
    const pair = pairOf(provider, minted).run()
    for (const type of ['tls-exporter', 'tls-server-end-point'] as const) {
      expect(pair.client.connection.channelBinding(type)).toEqual(pair.server.connection.channelBinding(type))
      expect(pair.client.connection.channelBinding(type)).toHaveLength(32)
    }
    expect(() => pair.client.connection.channelBinding('tls-unique' as never)).toThrow(TypeError)
    expect(() => pairOf(provider, minted).client.connection.channelBinding('tls-server-end-point')).toThrow(TypeError)
  })
})
