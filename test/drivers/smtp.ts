/** A mail server of `smtp-server`, on STARTTLS by Node's own TLS 1.3. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Server } from 'node:net'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll } from 'vitest'
import { inPeers } from '../interop/child.ts'
import { certificates } from './scratch.ts'

/** What is used of `smtp-server`, whose types are no dependency. */
interface Session {
  readonly secure: boolean
  readonly tlsOptions: { readonly name: string; readonly version: string } | false
  readonly envelope: { readonly mailFrom: { readonly address: string }; readonly rcptTo: readonly { readonly address: string }[] }
}
interface Smtp {
  readonly server: Server
  listen(port: number, host: string): Server
  on(event: 'error', listener: (error: Error) => void): void
  close(done: () => void): void
}
interface Package {
  SMTPServer: new (options: object) => Smtp
}

export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly text: string
  /** What it came by: `undefined` where that was in plain text. */
  readonly tls: { readonly version: string; readonly suite: string } | undefined
}

export interface MailServer {
  readonly port: number
  /** What was delivered. */
  readonly mails: readonly Mail[]
  /** What went wrong with a connection. */
  readonly errors: readonly Error[]
}

const servers: Smtp[] = []

afterAll(async () => {
  await Promise.all(servers.map(server => new Promise<void>(resolve => server.close(resolve))))
})

export async function startMailServer(): Promise<MailServer> {
  const { SMTPServer } = createRequire(inPeers('drivers/'))('smtp-server') as Package
  const { server: files } = await certificates()
  const [mails, errors]: [Mail[], Error[]] = [[], []]
  const server = new SMTPServer({
    authOptional: true,
    minVersion: 'TLSv1.3',
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
    async onData(stream: Readable, session: Session, done: (error: null, answer: string) => void) {
      const { mailFrom, rcptTo } = session.envelope
      const { secure, tlsOptions } = session
      const tls = secure && tlsOptions ? { version: tlsOptions.version, suite: tlsOptions.name } : undefined
      mails.push({ from: mailFrom.address, to: rcptTo.map(({ address }) => address), text: await text(stream), tls })
      done(null, 'delivered')
    },
  })
  servers.push(server)
  server.on('error', error => errors.push(error))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return { port: address.port, mails, errors }
}
