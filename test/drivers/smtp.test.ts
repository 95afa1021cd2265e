/** SMTP that turns to TLS in mid-stream (STARTTLS), by nodemailer to smtp-server: an unchanged client, over Tassel in the place of node:tls. */
import { expect, it } from 'vitest'
import { describeWith } from '../interop/child.ts'
import { runExample } from './example.ts'
import { certificates } from './scratch.ts'
import { drivers } from './server.ts'
import { startMailServer } from './smtp.ts'

describeWith(drivers, 'smtp-server, by nodemailer', () => {
  const send = (port: number, ca: string) =>
    runExample('smtp.mjs', [`localhost:${port}`, ca, 'alice@example.com', 'bob@example.com'], { preload: ['instead-of-node-tls.mjs'] })

  it('delivers a mail that came by STARTTLS', async () => {
    const { ca } = await certificates()
    const { port, mails } = await startMailServer()
    expect(await send(port, ca)).toEqual({ code: 0, stdout: '250 delivered\n', stderr: '' })
    const tls = { version: 'TLSv1.3', suite: expect.stringMatching(/^TLS_/) }
    expect(mails).toMatchObject([{ from: 'alice@example.com', to: ['bob@example.com'], tls }])
    expect(mails[0]?.text).toContain('Nobody in between has read this.')
  })

  it('gets nothing where its authority is another', async () => {
    const { stranger } = await certificates()
    const { port, mails, errors } = await startMailServer()
    const stderr = expect.stringMatching(/^ESOCKET: unable to verify/)
    expect(await send(port, stranger.ca)).toMatchObject({ code: 1, stdout: '', stderr })
    expect(mails).toEqual([])
    // nodemailer may try more than once.
    expect(new Set(errors.map(error => Reflect.get(error, 'code')))).toEqual(new Set(['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA']))
  })
})
