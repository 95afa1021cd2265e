/** Redis' protocol over TLS, by ioredis to Redis. */
import { beforeAll, expect, it } from 'vitest'
import { describeWith } from '../interop/child.ts'
import { runExample } from './example.ts'
import { redis, startRedis } from './redis.ts'
import { certificates } from './scratch.ts'
import type { Server } from './server.ts'

describeWith(redis, 'Redis, by ioredis', () => {
  let server: Server
  beforeAll(async () => {
    server = await startRedis()
  })
  const client = (...files: readonly string[]) => runExample('redis.mjs', [`rediss://localhost:${server.port}`, ...files])

  it('keeps what is set, and gives it back', async () => {
    const { ca, client: own } = await certificates()
    expect(await client(ca, own.cert, own.key)).toEqual({ code: 0, stdout: '42 <Buffer 00 ff 0a>\n', stderr: '' })
  })

  it('turns away who has no certificate, or one by another authority', async () => {
    const { ca, stranger } = await certificates()
    expect(await client(ca)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('certificate_required') })
    expect(await client(ca, stranger.cert, stranger.key)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: /),
    })
  })

  it('is not believed where its authority is another', async () => {
    const { client: own, stranger } = await certificates()
    const stderr = expect.stringMatching(/^SELF_SIGNED_CERT_IN_CHAIN: /)
    expect(await client(stranger.ca, own.cert, own.key)).toMatchObject({ code: 1, stdout: '', stderr })
  })
})
