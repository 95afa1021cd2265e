/** Sessions with OpenSSL: resumed, begun by keys from outside of TLS, and with early data. Both versions, both roles. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { TicketKeyRing } from '../../src/engine/tickets.ts'
import { sessionFromBytes } from '../../src/handshake/session.ts'
import type { ExternalPsk } from '../../src/types.ts'
import { type Child, describeWith, findProgram, inPeers, listeningPort, type Program, start } from './child.ts'
import { scratch } from './credentials.ts'
import { dial, type Listening, listen } from './engine.ts'
import { clientArguments, serverArguments } from './openssl.ts'
import { nodeProvider } from './tassel.ts'

const system = findProgram({ name: 'openssl', command: ['openssl'], probe: ['version'], hint: 'apt-get install openssl' })
const newer = findProgram({
  name: 'openssl-3.5',
  command: [inPeers('openssl-3.5/run'), 'openssl'],
  probe: ['version'],
  hint: 'run scripts/peers',
})

describeWith(system, 'Sessions with OpenSSL', () => testSessions(system))
describeWith(newer, 'Sessions with OpenSSL 3.5', () => testSessions(newer))

const early = 'early, and perhaps again\n'
const psk: ExternalPsk = { identity: Buffer.from('somebody'), key: Buffer.alloc(32, 0x5a), imported: false }
const pskArguments = ['-psk_identity', 'somebody', '-psk', '5a'.repeat(32)]

function testSessions(program: Program): void {
  describe('our client and its server', () => {
    const serve = async (...more: readonly string[]): Promise<{ theirs: Child; port: number }> => {
      const theirs = start(program, [...(await serverArguments({ verbose: true })), '-naccept', '9', ...more])
      return { theirs, port: await listeningPort(theirs) }
    }
    /** A session of a first connection, which is closed. */
    const first = async (port: number, options: Parameters<typeof dial>[1] = {}) => {
      const connection = await dial(port, options)
      const session = await connection.session()
      await connection.close()
      return session
    }

    it('resume by ticket, again and again', async () => {
      const { theirs, port } = await serve()
      let session = await first(port)
      for (let round = 0; round < 2; round++) {
        const again = await dial(port, { session })
        expect(await again.connected()).toMatchObject({ resumed: true, peer: { verified: true }, group: expect.any(String) })
        again.send('hello again\n')
        await theirs.stdout.said(/Reused session-id[\s\S]*hello again\n/)
        session = await again.session()
        await again.close()
      }
    })

    it('resume on SHA-384, after a HelloRetryRequest', async () => {
      const { port } = await serve('-groups', 'secp384r1', '-ciphersuites', 'TLS_AES_256_GCM_SHA384')
      const session = await first(port)
      const again = await dial(port, { session, groups: ['x25519', 'secp384r1'] })
      expect(await again.connected()).toMatchObject({ resumed: true, retried: true, group: 'secp384r1' })
    })

    it('resume without a key exchange', async () => {
      const { port } = await serve('-allow_no_dhe_kex')
      const session = await first(port, { pskModes: ['psk_ke'] })
      const again = await dial(port, { session, pskModes: ['psk_ke'] })
      expect(await again.connected()).toMatchObject({ resumed: true, group: undefined })
      again.send('hello\n')
      await again.close()
    })

    it.each(['psk_dhe_ke', 'psk_ke'] as const)('prove themselves by an external PSK with %s', async mode => {
      const { theirs, port } = await serve('-nocert', '-allow_no_dhe_kex', ...pskArguments)
      const ours = await dial(port, { psk: [psk], pskModes: [mode] })
      const info = await ours.connected()
      expect(info).toMatchObject({ resumed: false, pskIdentity: psk.identity, peer: undefined })
      expect(info.group === undefined).toBe(mode === 'psk_ke')
      ours.send('by a key\n')
      await theirs.stdout.said(/by a key\n/)
    })

    it('send early data, which is taken', async () => {
      const { theirs, port } = await serve('-early_data')
      const session = await first(port)
      expect(session.maxEarlyData).toBe(16384)
      const again = await dial(port, { session, earlyData: true, early })
      expect((await again.event('early-data-result')).accepted).toBe(true)
      again.send('and later\n')
      await theirs.stdout.said(/and later\n/)
      // What it tells and what it received come out separately.
      expect(theirs.stdout.text).toContain('Early data received:')
      expect(theirs.stdout.text).toContain(early)
      await again.close()
    })

    it('send early data, which is rejected as a replay, and given back', async () => {
      const { theirs, port } = await serve('-early_data')
      const kept = (await first(port)).toBytes()
      for (const accepted of [true, false]) {
        const again = await dial(port, { session: sessionFromBytes(kept), earlyData: true, early })
        const result = await again.event('early-data-result')
        expect(result).toMatchObject({ accepted })
        expect(Buffer.from(result.unsent).toString()).toBe(accepted ? '' : early)
        expect((await again.connected()).resumed).toBe(accepted)
        again.send(`later ${accepted}\n`)
        await theirs.stdout.said(new RegExp(`later ${accepted}\n`))
        await again.close()
      }
    })

    it('send early data, which a HelloRetryRequest rejects, and resume', async () => {
      const { port } = await serve('-early_data', '-groups', 'secp384r1', '-no_anti_replay')
      const session = await first(port)
      const again = await dial(port, { session, earlyData: true, early, groups: ['x25519', 'secp384r1'] })
      expect(await again.event('early-data-result')).toMatchObject({ accepted: false })
      expect(await again.connected()).toMatchObject({ resumed: true, retried: true })
    })

    it('export the same keying material, also of a resumption', async () => {
      const { theirs, port } = await serve('-keymatexport', 'EXPORTER-test', '-keymatexportlen', '40')
      let session: Awaited<ReturnType<typeof first>> | undefined
      for (const count of [1, 2]) {
        const ours = await dial(port, session ? { session } : {})
        await ours.connected()
        const [, theirMaterial] = await theirs.stdout.said(new RegExp(`(?:[\\s\\S]*Keying material: ([0-9A-F]+)\n){${count}}`))
        const ourMaterial = ours.connection.exportKeyingMaterial('EXPORTER-test', undefined, 40)
        expect(Buffer.from(ourMaterial).toString('hex').toUpperCase()).toBe(theirMaterial)
        session = await ours.session()
        await ours.close()
      }
    })
  })

  describe('our server and its client', () => {
    const tickets = () => new TicketKeyRing({ random: nodeProvider.random })
    const file = (name: string) => join(scratch(), name)
    const dialled = (port: number, ...more: readonly string[]) => start(program, [...clientArguments(port, { verbose: true }), ...more])
    /** Its first connection, whose session it keeps. */
    const first = async (server: Listening, ...more: readonly string[]): Promise<void> => {
      const theirs = dialled(server.port, '-sess_out', file('session.pem'), ...more)
      const ours = await server.connection(1)
      await ours.connected()
      // It has read the tickets once it has read what follows them.
      ours.send('that is all\n')
      await theirs.stdout.said(/that is all\n/)
      theirs.stdin.write('Q\n')
      await theirs.ended
    }

    it('resume by ticket, again and again', async () => {
      const server = await listen({ tickets: tickets() })
      await first(server)
      for (const nth of [2, 3]) {
        const theirs = dialled(server.port, '-sess_in', file('session.pem'), '-sess_out', file('session.pem'))
        const ours = await server.connection(nth)
        expect(await ours.connected()).toMatchObject({ resumed: true, group: expect.any(String) })
        ours.send('welcome back\n')
        await theirs.stdout.said(/Reused, TLSv1.3[\s\S]*welcome back\n/)
        theirs.stdin.write('Q\n')
        await theirs.ended
      }
    })

    it('resume by a session that the application keeps', async () => {
      const store = new Map<string, Uint8Array>()
      const server = await listen({
        tickets: 'ask',
        decide: question => {
          if (question.type !== 'session-lookup') return
          const found = store.get(Buffer.from(question.identity).toString('hex'))
          question.answer(found ? sessionFromBytes(found) : null)
        },
      })
      await first(server)
      for (const { session } of (await server.connection(1)).all('session')) {
        store.set(Buffer.from(session.ticket).toString('hex'), session.toBytes())
      }
      dialled(server.port, '-sess_in', file('session.pem'))
      expect(await (await server.connection(2)).connected()).toMatchObject({ resumed: true })
    })

    it('resume without a key exchange', async () => {
      const server = await listen({ tickets: tickets(), pskModes: ['psk_ke'] })
      await first(server, '-allow_no_dhe_kex')
      const theirs = dialled(server.port, '-allow_no_dhe_kex', '-sess_in', file('session.pem'))
      const ours = await server.connection(2)
      expect(await ours.connected()).toMatchObject({ resumed: true, group: undefined })
      ours.send('welcome back\n')
      await theirs.stdout.said(/Reused, TLSv1.3[\s\S]*welcome back\n/)
    })

    it.each(['psk_dhe_ke', 'psk_ke'] as const)('prove themselves by an external PSK with %s', async mode => {
      const server = await listen({ psk: [psk], pskModes: [mode], identity: [] })
      const theirs = dialled(server.port, '-allow_no_dhe_kex', ...pskArguments)
      const ours = await server.connection(1)
      const info = await ours.connected()
      expect(info).toMatchObject({ resumed: false, pskIdentity: psk.identity, localIdentity: undefined })
      expect(info.group === undefined).toBe(mode === 'psk_ke')
      ours.send('by a key\n')
      await theirs.stdout.said(/by a key\n/)
    })

    it('take early data', async () => {
      const server = await listen({ tickets: tickets(), maxEarlyData: 1000 })
      await first(server)
      writeFileSync(file('early'), early)
      const theirs = dialled(server.port, '-sess_in', file('session.pem'), '-early_data', file('early'))
      const ours = await server.connection(2)
      expect(await ours.connected()).toMatchObject({ resumed: true })
      await theirs.stdout.said(/Early data was accepted/)
      expect(ours.early).toBe(early)
      theirs.stdin.write('and later\n')
      await ours.said(/^and later\n$/)
    })

    it.each([
      ['a replay', [], ['secp384r1', 'x25519']],
      ['sent with a share for another group', ['-groups', 'x25519:secp384r1'], ['secp384r1']],
    ])('reject early data that is %s', async (reason, more, groups) => {
      const earlyDataGuard = { claim: () => reason !== 'a replay' }
      const server = await listen({ tickets: tickets(), maxEarlyData: 1000, groups, earlyDataGuard })
      await first(server)
      writeFileSync(file('early'), early)
      const theirs = dialled(server.port, '-sess_in', file('session.pem'), '-early_data', file('early'), ...more)
      await theirs.stdout.said(/Early data was rejected/)
      const ours = await server.connection(2)
      expect(await ours.connected()).toMatchObject({ resumed: true })
      expect(ours.early).toBe('')
      theirs.stdin.write('and later\n')
      await ours.said(/^and later\n$/)
    })

    it('export the same keying material of a resumption', async () => {
      const server = await listen({ tickets: tickets() })
      await first(server)
      const theirs = dialled(server.port, '-sess_in', file('session.pem'), '-keymatexport', 'EXPORTER-test', '-keymatexportlen', '40')
      const [, theirMaterial] = await theirs.stdout.said(/Keying material: ([0-9A-F]+)\n/)
      const ours = await server.connection(2)
      const ourMaterial = ours.connection.exportKeyingMaterial('EXPORTER-test', undefined, 40)
      expect(Buffer.from(ourMaterial).toString('hex').toUpperCase()).toBe(theirMaterial)
    })
  })
}
