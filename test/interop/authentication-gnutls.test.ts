/** Certificates with GnuTLS beyond the contract: after the handshake, stapled, as raw keys, and on Ed448; and the size of records. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createTrustStore } from '../../src/x509/index.ts'
import { type Child, describeWith, findProgram, listeningPort, start } from './child.ts'
import { authority, scratch } from './credentials.ts'
import { dial, listen } from './engine.ts'
import { clientArguments, serverArguments } from './gnutls.ts'
import { both, client, server, withPriority } from './gnutls-programs.ts'
import { mint, ocspResponse, publicKeyFile } from './minted.ts'
import type { PeerOptions } from './peer.ts'
import { nodeProvider } from './tassel.ts'

/** It mints what the other two can't. */
const openssl = findProgram({ name: 'openssl', command: ['openssl'], probe: ['version'], hint: 'apt-get install openssl' })

// Debian builds GnuTLS 3.7 without zlib, brotli and zstd, so there are no compressed certificates ("Unknown compression method").
describeWith(openssl.missing === undefined ? both : openssl, 'Authentication with GnuTLS', () => {
  describe('after the handshake', () => {
    it('our client proves itself when its server asks, once and again', async () => {
      const { certFile, issue } = await authority()
      const identity = (await issue('P-384')).identity(nodeProvider)
      const { theirs, port } = await serve({}, '', '--disable-client-cert', '--verify-client-cert', '--x509cafile', certFile)
      const ours = await dial(port, { identity, postHandshakeAuth: true })
      await ours.connected()
      for (const round of [1, 2]) {
        ours.send('**REAUTH**\n')
        await theirs.stdout.said(new RegExp(`(Status: The certificate is trusted[\\s\\S]*){${round}}`))
        ours.send(`known ${round}\n`)
        await ours.said(new RegExp(`known ${round}\n`))
      }
    })

    it('its client proves itself when our server asks, once and again', async () => {
      const { issue, trust } = await authority()
      const ours = await listen({ trust: trust(nodeProvider) })
      const theirs = dialled(ours.port, { credential: await issue('P-384') }, '', '--post-handshake-auth')
      const connection = await ours.connection(1)
      expect((await connection.connected()).peer).toBeUndefined()
      for (const round of [1, 2]) {
        connection.act(connection => connection.requestClientCertificate())
        expect((await connection.event('peer-authenticated', round)).peer).toMatchObject({ verified: true, subjects: ['CN=localhost'] })
        connection.send(`known ${round}\n`)
        await theirs.stdout.said(new RegExp(`known ${round}\n`))
      }
    })

    it('its client may have nothing to prove itself with', async () => {
      const { trust } = await authority()
      const ours = await listen({ trust: trust(nodeProvider) })
      dialled(ours.port, {}, '', '--post-handshake-auth')
      const connection = await ours.connection(1)
      await connection.connected()
      connection.act(connection => connection.requestClientCertificate())
      expect((await connection.event('peer-authenticated')).peer).toBeUndefined()
    })
  })

  describe('a stapled OCSP response', () => {
    it('of its server reaches our client', async () => {
      const { issue, trust } = await authority()
      const response = await ocspResponse(openssl, await issue('P-256'))
      const { port } = await serve({}, '', '--ocsp-response', response)
      const seen: (Uint8Array | undefined)[] = []
      const store = trust(nodeProvider)
      const watching: typeof store = {
        verify(chain, request) {
          seen.push(request.ocsp)
          return store.verify(chain, request)
        },
      }
      await (await dial(port, { requestOcsp: true, trust: watching })).connected()
      expect(seen).toEqual([new Uint8Array(readFileSync(response))])
    })

    it('of our server reaches its client, which verifies it', async () => {
      const { certFile, issue } = await authority()
      const credential = await issue('P-256')
      const ocsp = new Uint8Array(readFileSync(await ocspResponse(openssl, credential)))
      const ours = await listen({ identity: { ...credential.identity(nodeProvider), ocsp } })
      const saved = join(scratch(), 'saved-ocsp.der')
      const theirs = dialled(ours.port, { ca: certFile }, '', '--save-ocsp', saved)
      await (await ours.connection(1)).connected()
      await theirs.stdout.said(/- Options: OCSP status request/)
      await theirs.stdout.said(/Simple Client Mode/)
      expect(new Uint8Array(readFileSync(saved))).toEqual(ocsp)
    })
  })

  describe('raw public keys', () => {
    const types = { serverCertificateTypes: ['RawPublicKey'], clientCertificateTypes: ['RawPublicKey'] } as const
    const priority = '-CTYPE-ALL:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK'
    const raw = async () => {
      const credential = await (await authority()).issue('P-256')
      const { key } = credential.identity(nodeProvider)
      if (!key.spki) throw new Error('the key knows its public key')
      const identity = { type: 'RawPublicKey', chain: [key.spki], key } as const
      const trust = createTrustStore({ roots: [], rawPublicKeys: identity.chain, crypto: nodeProvider })
      const theirs = ['--rawpkfile', publicKeyFile(openssl, credential), '--rawpkkeyfile', credential.keyFile]
      return { identity, trust, theirs }
    }

    it('of its server and of our client', async () => {
      const { identity, trust, theirs: keys } = await raw()
      const { theirs, port } = await serve({}, priority, '--require-client-cert', ...keys)
      const ours = await dial(port, { ...types, identity, trust })
      expect((await ours.connected()).peer).toMatchObject({ certificateType: 'RawPublicKey', verified: true, chain: identity.chain })
      await theirs.stdout.said(/- Got 1 Raw public-key\(s\)/)
      ours.send('by a raw key\n')
      await ours.said(/^by a raw key\n$/)
    })

    it('of our server and of its client', async () => {
      const { identity, trust, theirs: keys } = await raw()
      const ours = await listen({ ...types, identity, trust, clientAuth: 'require' })
      const theirs = dialled(ours.port, {}, priority, ...keys)
      const connection = await ours.connection(1)
      expect((await connection.connected()).peer).toMatchObject({
        certificateType: 'RawPublicKey',
        verified: true,
        chain: identity.chain,
      })
      connection.send('by a raw key\n')
      await theirs.stdout.said(/- Got 1 Raw public-key\(s\)[\s\S]*by a raw key\n/)
    })
  })

  describe('a key on Ed448, where we name the scheme', () => {
    const options = { signatureSchemes: ['ed448', 'ecdsa_secp256r1_sha256'] }

    it('of its server and of our client', async () => {
      const credential = await mint(openssl, 'ed448')
      const { port } = await serve({ credential, ca: (await authority()).certFile }, '')
      const ours = await dial(port, { ...options, identity: credential.identity(nodeProvider) })
      expect(await ours.connected()).toMatchObject({ signatureScheme: 'ed448', peer: { verified: true } })
      ours.send('signed\n')
      await ours.said(/^signed\n$/)
    })

    it('of our server and of its client', async () => {
      const { certFile, trust } = await authority()
      const credential = await mint(openssl, 'ed448')
      const identity = credential.identity(nodeProvider)
      const ours = await listen({ ...options, identity, clientAuth: 'require', trust: trust(nodeProvider) })
      const theirs = dialled(ours.port, { credential, ca: certFile }, '')
      const connection = await ours.connection(1)
      expect(await connection.connected()).toMatchObject({ signatureScheme: 'ed448', peer: { verified: true } })
      connection.send('signed\n')
      await theirs.stdout.said(/signed\n/)
    })
  })

  // A limit of n bytes of plaintext with its content type makes records of n + 16 bytes. GnuTLS states its own as data without the type.
  // Below 512 it bears no limit, though RFC 8449 does down to 64: its server passes over ours then, its client sends illegal_parameter.
  describe('records', () => {
    const text = `${'x'.repeat(20_000)}\n`

    it('of our client are as short as its server wants them, and the other way round', async () => {
      const { port } = await serve({}, '', '--recordsize', '600')
      const ours = await dial(port, { recordSizeLimit: 550 })
      await ours.connected()
      ours.send(text)
      await ours.said(/\n$/)
      expect(ours.received).toBe(text)
      expect(ours.longest).toEqual({ in: 550 + 16, out: 600 + 1 + 16 })
    })

    it('of our server are as short as its client wants them, and the other way round', async () => {
      const ours = await listen({ recordSizeLimit: 550 })
      const theirs = dialled(ours.port, {}, '', '--recordsize', '600')
      const connection = await ours.connection(1)
      await connection.connected()
      connection.send(text)
      expect(String(await theirs.stdout.take(text.length))).toBe(text)
      // gnutls-cli sends one record of each 4,096 bytes that it reads, and forgets what does not fit into that.
      theirs.stdin.write(text)
      await connection.said(/^x{1000}/)
      expect(connection.longest).toEqual({ in: 550 + 16, out: 600 + 1 + 16 })
    })
  })
})

async function serve(options: PeerOptions, priority: string, ...more: readonly string[]): Promise<{ theirs: Child; port: number }> {
  const theirs = start(server, [...withPriority(await serverArguments(options), priority), ...more])
  return { theirs, port: await listeningPort(theirs) }
}

function dialled(port: number, options: PeerOptions, priority: string, ...more: readonly string[]): Child {
  return start(client, [...withPriority(clientArguments(port, options), priority), ...more], { preamble: /- Simple Client Mode:\n\n/ })
}
