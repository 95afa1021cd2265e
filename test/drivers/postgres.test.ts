/** PostgreSQL's protocol over TLS, by pg to PostgreSQL. */
import { beforeAll, expect, it } from 'vitest'
import { describeWith } from '../interop/child.ts'
import { runExample } from './example.ts'
import { postgres, startPostgres } from './postgres.ts'
import { certificates } from './scratch.ts'
import type { Server } from './server.ts'

describeWith(postgres, 'PostgreSQL, by pg', () => {
  let server: Server
  beforeAll(async () => {
    server = await startPostgres()
  })
  const client = (user: string, database: string, ...files: readonly string[]) =>
    runExample('postgres.mjs', [`postgres://${user}@localhost:${server.port}/${database}`, ...files])

  it('knows its user by a certificate, and sees TLS 1.3', async () => {
    const { ca, client: own } = await certificates()
    const { code, stdout, stderr } = await client('tassel', 'postgres', ca, own.cert, own.key)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const agreed = { ssl: true, version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', client_dn: '/CN=tassel' }
    expect(JSON.parse(stdout)).toEqual(agreed)
  })

  it('knows its user by a password that is bound to the connection (SCRAM-SHA-256-PLUS)', async () => {
    const { ca } = await certificates()
    const { stdout } = await client('tassel:secret', 'template1', ca)
    expect(JSON.parse(stdout)).toMatchObject({ ssl: true, version: 'TLSv1.3', client_dn: null })
  })

  it('turns away who has no certificate, or one by another authority', async () => {
    const { ca, stranger } = await certificates()
    // 28000 is PostgreSQL's invalid_authorization_specification: the handshake is over by then.
    expect(await client('tassel', 'postgres', ca)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^28000: /) })
    const stderr = expect.stringMatching(/^ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: /)
    expect(await client('tassel', 'postgres', ca, stranger.cert, stranger.key)).toMatchObject({ code: 1, stdout: '', stderr })
  })

  it('is not believed where its authority is another', async () => {
    const { client: own, stranger } = await certificates()
    const stderr = expect.stringMatching(/^SELF_SIGNED_CERT_IN_CHAIN: /)
    expect(await client('tassel', 'postgres', stranger.ca, own.cert, own.key)).toMatchObject({ code: 1, stdout: '', stderr })
  })

  it('takes four connections of a pool by an unchanged pg, over Tassel in the place of node:tls', async () => {
    const { ca, client: own, stranger } = await certificates()
    const pool = (...files: readonly string[]) =>
      runExample('postgres-pool.mjs', [`postgres://tassel@localhost:${server.port}/postgres`, ...files], { preload })
    const { code, stdout, stderr } = await pool(ca, own.cert, own.key)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({ connections: 4, versions: Array(4).fill('TLSv1.3') })
    expect(await pool(stranger.ca, own.cert, own.key)).toMatchObject({ code: 1, stdout: '' })
  })
})

const preload = ['instead-of-node-tls.mjs']
