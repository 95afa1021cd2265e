/** Sessions: who gets one, who resumes it, and who does not. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { attempt, ca, clientFiles, closed, dial, fault, type Pair, type Scenario, serve, settled, snapshot } from './stage.ts'

interface Visit {
  readonly reused: { client: boolean; server: boolean }
  readonly session: Buffer
  readonly client: Record<string, unknown>
}

/** One connection, up to its first session and its end. */
async function visit(pair: Pair, { port, server }: Awaited<ReturnType<typeof serve>>, options: object = {}): Promise<Visit> {
  const accepted = once(server, 'secureConnection').then(([peer]) => peer.resume())
  const socket = dial(pair.client, port, options)
  const given = once(socket, 'session')
  const [peer] = await Promise.all([accepted, once(socket, 'secureConnect')])
  // Whether a session that was resumed is followed by another one is up to the server.
  const [session] = socket.isSessionReused() ? [Buffer.alloc(0)] : await given
  const reused = { client: socket.isSessionReused(), server: peer.isSessionReused() }
  const client = {
    ...snapshot(socket, ['authorized', 'authorizationError', 'servername', 'alpnProtocol']),
    subject: socket.getPeerCertificate().subjectaltname,
  }
  socket.resume().end()
  await closed(socket)
  return { reused, session, client }
}

/** A first visit, and a second one with its session. */
async function twice(pair: Pair, options: { server?: object; client?: object; again?: object } = {}) {
  const served = await serve(pair.server, options.server)
  const { session, ...first } = await visit(pair, served, options.client)
  const { session: _, ...second } = await visit(pair, served, { ...options.client, ...options.again, session })
  return { first, second }
}

export const sessions: readonly Scenario[] = [
  { title: 'A session of the event session is resumed, and both ends say so', play: pair => twice(pair) },
  {
    title: 'A resumed connection is authorized, and shows the certificate and the protocol, as the first one was',
    play: pair =>
      twice(pair, { server: { ALPNProtocols: ['x'], requestCert: true, ca }, client: { ALPNProtocols: ['x'], ...clientFiles } }),
  },
  {
    title: 'A session of a server that was not believed is no reason to believe it',
    play: pair => twice(pair, { client: { ca: [], rejectUnauthorized: false } }),
  },
  {
    title: 'session events come after secureConnect, with a Buffer each, and getSession and getTLSTicket give it',
    async play(pair) {
      const { port } = await serve(pair.server)
      const socket = dial(pair.client, port)
      const log: unknown[] = []
      socket.on('session', session => log.push(['session', Buffer.isBuffer(session)]))
      socket.on('secureConnect', () => log.push('secureConnect'))
      await once(socket, 'session')
      await settled()
      return {
        log: log.slice(0, 2),
        session: attempt(() => Buffer.isBuffer(socket.getSession())),
        ticket: Buffer.isBuffer(socket.getTLSTicket()),
      }
    },
  },
  {
    title: 'A session is offered to another server in vain, unless the two share their ticket keys',
    async play(pair) {
      const ticketKeys = randomBytes(48)
      const outcomes = []
      for (const [one, other] of [
        [{}, {}],
        [{ ticketKeys }, { ticketKeys }],
        [{ ticketKeys }, { ticketKeys: randomBytes(48) }],
      ]) {
        const { session } = await visit(pair, await serve(pair.server, one))
        outcomes.push((await visit(pair, await serve(pair.server, other), { session })).reused)
      }
      return outcomes
    },
  },
  {
    title: 'setTicketKeys changes what getTicketKeys gives, and sessions under the old keys are not resumed',
    async play(pair) {
      const served = await serve(pair.server)
      const before = served.server.getTicketKeys()
      const { session } = await visit(pair, served)
      const keys = randomBytes(48)
      const given = served.server.setTicketKeys(keys)
      const { reused, session: next } = await visit(pair, served, { session })
      return {
        given,
        lengths: [before.length, served.server.getTicketKeys().equals(keys), before.equals(keys)],
        reused,
        next: (await visit(pair, served, { session: next })).reused,
        codes: [attempt(() => served.server.setTicketKeys('x' as never)), attempt(() => served.server.setTicketKeys(Buffer.alloc(47)))],
      }
    },
  },
  {
    title: 'newSession and resumeSession keep sessions outside, with callbacks that take their time',
    async play(pair) {
      const served = await serve(pair.server)
      const store = new Map<string, Buffer>()
      const asked: unknown[] = []
      served.server.on('newSession', (id, data, done) => {
        store.set(id.toString('hex'), data)
        setImmediate(done)
      })
      served.server.on('resumeSession', (id, done) => {
        asked.push(store.has(id.toString('hex')))
        setImmediate(() => done(null, store.get(id.toString('hex')) ?? null))
      })
      const { session, reused } = await visit(pair, served)
      const second = await visit(pair, served, { session })
      return { first: reused, stored: store.size > 0, second: second.reused, asked }
    },
  },
  {
    title: 'What is no session is passed over',
    async play(pair) {
      const served = await serve(pair.server)
      const { reused } = await visit(pair, served, { session: Buffer.from('no session at all') })
      return reused
    },
  },
  {
    title: 'A session is not offered to a server of another name',
    async play(pair) {
      const served = await serve(pair.server)
      const { session } = await visit(pair, served)
      const { reused } = await visit(pair, served, { session, servername: 'other.example', rejectUnauthorized: false })
      return reused.server === reused.client
    },
  },
  {
    title: 'A session belongs to the sessionIdContext of its server',
    async play(pair) {
      const ticketKeys = randomBytes(48)
      const outcomes = []
      for (const [one, other] of [
        ['a', 'a'],
        ['a', 'b'],
      ]) {
        const { session } = await visit(pair, await serve(pair.server, { ticketKeys, sessionIdContext: one }))
        outcomes.push((await visit(pair, await serve(pair.server, { ticketKeys, sessionIdContext: other }), { session })).reused)
      }
      return outcomes
    },
  },
  {
    title: 'resumeSession with an error ends the connection, and the server tells of it',
    async play(pair) {
      const served = await serve(pair.server)
      served.server.on('newSession', (_id, _data, done) => done())
      const { session } = await visit(pair, served)
      served.server.on('resumeSession', (_id, done) => done(Object.assign(new Error('no store'), { code: 'E_STORE' }), null))
      const failed = once(served.server, 'tlsClientError').then(([error]) => fault(error))
      const socket = dial(pair.client, served.port, { session })
      await once(socket, 'error').catch(() => {})
      return { server: await failed, destroyed: socket.destroyed }
    },
  },
]
