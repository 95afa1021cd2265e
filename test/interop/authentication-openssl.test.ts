/** Certificates with OpenSSL beyond the contract: after the handshake, stapled, compressed, as raw keys, and with ML-DSA. Both roles. */
import { readFileSync } from 'node:fs'
import { deflateSync, inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { CertificateCompression, Identity, TraceEvent, TrustStore } from '../../src/types.ts'
import { createTrustStore } from '../../src/x509/index.ts'
import { type Child, describeWith, findProgram, inPeers, listeningPort, type Program, start } from './child.ts'
import { authority, type Credential } from './credentials.ts'
import { dial, type ListenOptions, listen } from './engine.ts'
import { mint, ocspResponse } from './minted.ts'
import { clientArguments, serverArguments } from './openssl.ts'
import type { PeerOptions } from './peer.ts'
import { nodeProvider } from './tassel.ts'

const system = findProgram({ name: 'openssl', command: ['openssl'], probe: ['version'], hint: 'apt-get install openssl' })
const newer = findProgram({
  name: 'openssl-3.5',
  command: [inPeers('openssl-3.5/run'), 'openssl'],
  probe: ['version'],
  hint: 'run scripts/peers',
})

describeWith(system, 'Authentication with OpenSSL', () => {
  testCommon(system)
})

describeWith(newer, 'Authentication with OpenSSL 3.5', () => {
  testCommon(newer)
  testRawKeys(newer)
  testCompression(newer)
  testMlDsa(newer)
})

/** What both versions can do. */
function testCommon(program: Program): void {
  describe('after the handshake', () => {
    it('our client proves itself when its server asks by the command c, once and again', async () => {
      const { certFile } = await authority()
      const identity = await own('P-384')
      // What it is told about the chain it says line by line.
      const { theirs, port } = await serve(program, '-CAfile', certFile, '-verify', '3')
      const ours = await dial(port, { identity, postHandshakeAuth: true })
      await ours.connected()
      for (const round of [1, 2]) {
        theirs.stdin.write('c\n')
        // It asks in the handshake too, so that the first verdict is not yet the answer to its command.
        await theirs.stderr.said(new RegExp(`(depth=0 CN ?= ?localhost[\\s\\S]*){${round + 1}}`))
        ours.send(`known ${round}\n`)
        await theirs.stdout.said(new RegExp(`known ${round}\n`))
      }
      expect(theirs.stderr.text).not.toContain('error')
    })

    it('its client proves itself when our server asks, once and again', async () => {
      const { issue, trust } = await authority()
      const server = await listen({ trust: trust(nodeProvider) })
      const theirs = dialled(program, server.port, { credential: await issue('P-384') }, '-enable_pha')
      const ours = await server.connection(1)
      expect((await ours.connected()).peer).toBeUndefined()
      for (const round of [1, 2]) {
        ours.act(connection => connection.requestClientCertificate())
        const { peer } = await ours.event('peer-authenticated', round)
        expect(peer).toMatchObject({ verified: true, subjects: ['CN=localhost'] })
        ours.send(`known ${round}\n`)
        await theirs.stdout.said(new RegExp(`known ${round}\n`))
      }
      theirs.stdin.write('and back\n')
      await ours.said(/^and back\n$/)
    })

    it('its client may have nothing to prove itself with', async () => {
      const { trust } = await authority()
      const server = await listen({ trust: trust(nodeProvider) })
      dialled(program, server.port, {}, '-enable_pha')
      const ours = await server.connection(1)
      await ours.connected()
      ours.act(connection => connection.requestClientCertificate())
      expect((await ours.event('peer-authenticated')).peer).toBeUndefined()
    })
  })

  describe('a stapled OCSP response', () => {
    it('of its server reaches our client', async () => {
      const response = await ocspResponse(system, await (await authority()).issue('P-256'))
      const { port } = await serve(program, '-status_file', response)
      const seen: (Uint8Array | undefined)[] = []
      const trust = watching(await trusted(), ({ ocsp }) => seen.push(ocsp))
      await (await dial(port, { requestOcsp: true, trust })).connected()
      expect(seen).toEqual([new Uint8Array(readFileSync(response))])
    })

    it('of our server reaches its client', async () => {
      const response = await ocspResponse(system, await (await authority()).issue('P-256'))
      const identity = { ...(await own('P-256')), ocsp: new Uint8Array(readFileSync(response)) }
      const server = await listen({ identity })
      const theirs = dialled(program, server.port, {}, '-status')
      await theirs.stdout.said(/OCSP Response Status: successful[\s\S]*Cert Status: good/)
    })
  })

  describe('a key on Ed448, where we name the scheme', () => {
    const options = { signatureSchemes: ['ed448', 'ecdsa_secp256r1_sha256'] }
    testKey(program, 'ed448', options)
  })
}

/** RFC 7250. */
function testRawKeys(program: Program): void {
  const raw = async (): Promise<{ credential: Credential; identity: Identity; trust: TrustStore }> => {
    const credential = await (await authority()).issue('P-256')
    const { key } = credential.identity(nodeProvider)
    if (!key.spki) throw new Error('the key knows its public key')
    const identity = { type: 'RawPublicKey', chain: [key.spki], key } as const
    return { credential, identity, trust: createTrustStore({ roots: [], rawPublicKeys: identity.chain, crypto: nodeProvider }) }
  }
  const types = { serverCertificateTypes: ['RawPublicKey'], clientCertificateTypes: ['RawPublicKey'] } as const

  describe('raw public keys', () => {
    it('of its server and of our client', async () => {
      const { identity, trust } = await raw()
      const { theirs, port } = await serve(program, '-enable_server_rpk', '-enable_client_rpk', '-Verify', '3')
      const ours = await dial(port, { ...types, identity, trust })
      expect((await ours.connected()).peer).toMatchObject({ certificateType: 'RawPublicKey', verified: true, chain: identity.chain })
      ours.send('by a raw key\n')
      await theirs.stdout.said(/Client raw public key[\s\S]*by a raw key\n/)
    })

    it('of our server and of its client', async () => {
      const { credential, identity, trust } = await raw()
      const server = await listen({ ...types, identity, trust, clientAuth: 'require' })
      const theirs = dialled(program, server.port, { credential }, '-enable_server_rpk', '-enable_client_rpk')
      const ours = await server.connection(1)
      expect((await ours.connected()).peer).toMatchObject({ certificateType: 'RawPublicKey', verified: true, chain: identity.chain })
      ours.send('by a raw key\n')
      await theirs.stdout.said(/Server raw public key[\s\S]*by a raw key\n/)
    })
  })
}

/** RFC 8879. It has zlib and zstd, no brotli; Node 20 has no zstd. */
function testCompression(program: Program): void {
  const zlib: CertificateCompression = {
    algorithm: 'zlib',
    compress: data => new Uint8Array(deflateSync(data)),
    decompress: (data, length) => new Uint8Array(inflateSync(data, { maxOutputLength: length })),
  }
  const certificateCompression = [zlib]

  describe('compressed certificates', () => {
    it('of its server and of our client', async () => {
      const { certFile } = await authority()
      const { certificates, trace } = certificateMessages()
      const { theirs, port } = await serve(program, '-cert_comp', '-CAfile', certFile, '-Verify', '3', '-verify_return_error')
      const ours = await dial(port, { certificateCompression, identity: await own('RSA-2048'), trace })
      expect((await ours.connected()).peer?.verified).toBe(true)
      ours.send('compressed\n')
      await theirs.stdout.said(/compressed\n/)
      expect(certificates).toEqual(['in compressed_certificate', 'out compressed_certificate'])
    })

    it('of our server and of its client', async () => {
      const { issue } = await authority()
      const { certificates, trace } = certificateMessages()
      const server = await listen({
        certificateCompression,
        identity: await own('RSA-2048'),
        clientAuth: 'require',
        trust: await trusted(),
        trace,
      })
      const theirs = dialled(program, server.port, { credential: await issue('RSA-2048') })
      const ours = await server.connection(1)
      expect((await ours.connected()).peer?.verified).toBe(true)
      ours.send('compressed\n')
      await theirs.stdout.said(/compressed\n/)
      expect(certificates).toEqual(['out compressed_certificate', 'in compressed_certificate'])
    })
  })
}

function testMlDsa(program: Program): void {
  describe.each(['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'])('a key of %s, where we name the scheme', algorithm => {
    testKey(program, algorithm, { signatureSchemes: [algorithm.toLowerCase().replaceAll('-', ''), 'ecdsa_secp256r1_sha256'] })
  })
}

/** The handshake is signed with a key of the algorithm, on either side in either role; the certificate by the tests' authority. */
function testKey(program: Program, algorithm: string, options: Pick<ListenOptions, 'decide'> & { signatureSchemes: string[] }): void {
  const [signatureScheme] = options.signatureSchemes
  const verified = options.decide === undefined

  it('of its server and of our client', async () => {
    const { certFile } = await authority()
    const credential = await mint(program, algorithm)
    const { theirs, port } = await serve(program, ...files(credential), '-CAfile', certFile, '-Verify', '3', '-verify_return_error')
    const ours = await dial(port, { ...options, trust: verified ? await trusted() : null, identity: credential.identity(nodeProvider) })
    expect(await ours.connected()).toMatchObject({ signatureScheme, peer: { verified } })
    ours.send('signed\n')
    await theirs.stdout.said(/signed\n/)
  })

  it('of our server and of its client', async () => {
    const credential = await mint(program, algorithm)
    const trust = verified ? { trust: await trusted() } : {}
    const server = await listen({ ...options, ...trust, identity: credential.identity(nodeProvider), clientAuth: 'require' })
    const { certFile } = await authority()
    const theirs = dialled(program, server.port, { credential, ca: certFile })
    const ours = await server.connection(1)
    expect(await ours.connected()).toMatchObject({ signatureScheme, peer: { verified } })
    ours.send('signed\n')
    await theirs.stdout.said(/signed\n/)
  })
}

async function serve(program: Program, ...more: readonly string[]): Promise<{ theirs: Child; port: number }> {
  const theirs = start(program, [...(await serverArguments({ verbose: true })), ...more])
  return { theirs, port: await listeningPort(theirs) }
}

function dialled(program: Program, port: number, options: PeerOptions, ...more: readonly string[]): Child {
  return start(program, [...clientArguments(port, { verbose: true, ...options }), ...more])
}

function files({ certFile, keyFile }: Credential): string[] {
  // Both for the name that is asked for and for any other.
  return ['-cert', certFile, '-key', keyFile, '-cert2', certFile, '-key2', keyFile]
}

async function own(key: Parameters<Awaited<ReturnType<typeof authority>>['issue']>[0]): Promise<Identity> {
  return (await (await authority()).issue(key)).identity(nodeProvider)
}

async function trusted(): Promise<TrustStore> {
  return (await authority()).trust(nodeProvider)
}

function watching(trust: TrustStore, see: (request: Parameters<TrustStore['verify']>[1]) => void): TrustStore {
  return {
    verify(chain, request) {
      see(request)
      return trust.verify(chain, request)
    },
  }
}

/** The Certificate messages that pass, compressed or not. */
function certificateMessages(): { certificates: string[]; trace: (event: TraceEvent) => void } {
  const certificates: string[] = []
  const trace = ({ direction, kind }: TraceEvent) => {
    if (kind === 'certificate' || kind === 'compressed_certificate') certificates.push(`${direction} ${kind}`)
  }
  return { certificates, trace }
}
