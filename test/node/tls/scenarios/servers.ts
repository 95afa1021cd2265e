/** What a server does with those who come: its events, its limits, names and protocols. */
import { once } from 'node:events'
import net from 'node:net'
import { duplexPair } from 'node:stream'
import nodeTls from 'node:tls'
import { authority, filesOf } from '../face.ts'
import {
  attempt,
  ca,
  closed,
  comparable,
  dial,
  dialRaw,
  fault,
  meet,
  type Pair,
  type Scenario,
  serve,
  serverFiles,
  settled,
  snapshot,
  textFrom,
  watch,
} from './stage.ts'

/** With a key of the same kind as the server's own: Node adds it to that one, and prefers by kind. */
const otherFiles = filesOf(await authority.issue({ names: ['other.example'] }))

const serverEvents = ['listening', 'connection', 'secureConnection', 'tlsClientError', 'close', 'drop']

/** What the server tells of a client that sends these bytes. */
async function strayClient({ server }: Pair, bytes: string | Buffer, options: object = {}) {
  const { server: listener, port } = await serve(server, options)
  const told = watch(listener, ['secureConnection', 'tlsClientError'])
  const failed = once(listener, 'tlsClientError')
  const socket = await dialRaw(port)
  const over = closed(socket)
  socket.resume()
  socket.write(bytes)
  const [error, tlsSocket] = await failed
  await over
  const { library, reason } = error as Error & Record<string, unknown>
  return {
    told,
    library,
    reason,
    socket: snapshot(tlsSocket, ['destroyed', 'authorized', 'encrypted']),
    isOurs: tlsSocket instanceof server.TLSSocket,
  }
}

/** The name on the certificate that a client gets who asks for `servername`. */
async function servedTo({ client }: Pair, port: number, servername: string) {
  const socket = dial(client, port, { servername, rejectUnauthorized: false, ...(servername === '' && { host: '127.0.0.1' }) })
  try {
    await once(socket, 'secureConnect')
    const name = socket.getPeerCertificate().subjectaltname
    await settled()
    return name
  } catch (error) {
    return fault(error)
  } finally {
    socket.destroy()
  }
}

/** What each end says about the protocol, or how it failed. */
async function protocols(pair: Pair, options: { client?: object; server?: object }) {
  const { server: listener, port, accepted } = await serve(pair.server, options.server)
  const failed = once(listener, 'tlsClientError').then(([error]) => fault(error))
  const socket = dial(pair.client, port, options.client)
  const mine = await once(socket, 'secureConnect').then(() => socket.alpnProtocol, fault)
  const theirs = await Promise.race([accepted.then(peer => peer.alpnProtocol), failed])
  socket.destroy()
  return { client: mine, server: theirs }
}

export const servers: readonly Scenario[] = [
  {
    title: 'A server tells listening, connection, secureConnection and close, in this order',
    async play({ client, server }) {
      const listener = server.createServer(serverFiles)
      const log = watch(listener, serverEvents)
      listener.on('secureConnection', socket => {
        log.push([
          'state',
          snapshot(socket, [
            'authorized',
            'authorizationError',
            'servername',
            'alpnProtocol',
            'encrypted',
            'secureConnecting',
            'readyState',
          ]),
        ])
        socket.end('bye')
      })
      const before = [listener.address(), listener.listening]
      listener.listen(0, '127.0.0.1')
      await once(listener, 'listening')
      const { port } = listener.address() as net.AddressInfo
      const text = await textFrom(dial(client, port))
      const over = new Promise(resolve => listener.close(error => resolve(fault(error))))
      return { before, text, over: await over, log, after: [listener.address(), listener.listening] }
    },
  },
  {
    title: 'close waits for connections that are open, getConnections counts them, and nobody else gets in',
    async play({ client, server }) {
      const { server: listener, port, accepted } = await serve(server)
      const socket = dial(client, port)
      await Promise.all([accepted, once(socket, 'secureConnect')])
      const count = () => new Promise(resolve => listener.getConnections((_error, number) => resolve(number)))
      const log: unknown[] = [await count()]
      const over = new Promise<void>(resolve => listener.close(() => resolve()))
      void over.then(() => log.push('closed'))
      const late = dial(client, port)
      await once(late, 'error').then(
        ([error]) => log.push(fault(error)),
        error => log.push(fault(error)),
      )
      await settled()
      log.push('still open', await count())
      socket.end()
      await over
      return { log, again: await new Promise(resolve => listener.close(error => resolve(fault(error)))) }
    },
  },
  {
    title: 'maxConnections drops who comes too late, and says so',
    async play({ client, server }) {
      const { server: listener, port, accepted } = await serve(server)
      listener.maxConnections = 1
      const socket = dial(client, port)
      await Promise.all([accepted, once(socket, 'secureConnect')])
      const dropped = once(listener, 'drop')
      const late = dial(client, port)
      const log = watch(late, ['secureConnect', 'error', 'close'])
      const [data] = await dropped
      await closed(late)
      return { log, names: Object.keys(data).sort() }
    },
  },
  {
    title: 'A port that is taken is EADDRINUSE, and a server that listens does not listen again',
    subject: 'one',
    async play({ server }) {
      const { server: listener, port } = await serve(server)
      const other = server.createServer(serverFiles)
      other.listen(port, '127.0.0.1')
      const [error] = await once(other, 'error').catch(given => [given])
      return { taken: fault(error), again: attempt(() => listener.listen(0)) }
    },
  },
  {
    title: 'A client that speaks HTTP is told apart: ERR_SSL_HTTP_REQUEST',
    subject: 'server',
    play: pair => strayClient(pair, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  },
  {
    title: 'A client that asks for a proxy is told apart: ERR_SSL_HTTPS_PROXY_REQUEST',
    subject: 'server',
    play: pair => strayClient(pair, 'CONNECT localhost:443 HTTP/1.1\r\n\r\n'),
  },
  {
    title: 'A client that sends anything else is ERR_SSL_WRONG_VERSION_NUMBER',
    subject: 'server',
    play: pair => strayClient(pair, Buffer.alloc(64, 0xee)),
  },
  {
    title: 'A client that sends nothing is ERR_TLS_HANDSHAKE_TIMEOUT after handshakeTimeout',
    subject: 'server',
    async play({ server }) {
      const { server: listener, port } = await serve(server, { handshakeTimeout: 40 })
      const failed = once(listener, 'tlsClientError')
      const raw = await dialRaw(port)
      const [error, socket] = await failed
      await settled()
      const { destroyed } = socket
      socket.destroy()
      await closed(raw.resume())
      return { error: fault(error), destroyed }
    },
  },
  {
    title: 'A client that leaves at once is ECONNRESET, socket hang up',
    subject: 'server',
    async play({ server }) {
      const { server: listener, port } = await serve(server)
      const failed = once(listener, 'tlsClientError')
      const socket = await dialRaw(port)
      socket.end()
      const [error] = await failed
      return { error: fault(error), message: error.message }
    },
  },
  {
    title: 'A client that speaks TLS 1.2 alone hears of the protocol version, and so does the server',
    subject: 'server',
    async play({ server }) {
      const { server: listener, port } = await serve(server)
      const failed = once(listener, 'tlsClientError')
      const socket = nodeTls.connect({ port, host: '127.0.0.1', maxVersion: 'TLSv1.2', rejectUnauthorized: false })
      const [error] = await once(socket, 'error').catch(given => [given])
      return { client: fault(error), server: fault((await failed)[0]) }
    },
  },
  {
    title: 'An error of a socket that is secure is not the server to hear of, and does not end the process',
    async play({ client, server }) {
      const { server: listener, port, accepted } = await serve(server)
      const told = watch(listener, ['tlsClientError', 'error'])
      const socket = dial(client, port)
      const peer = await accepted
      const seen = watch(peer, ['close'])
      peer.destroy(new Error('of my own'))
      await Promise.all([closed(peer), closed(socket)])
      return { told, seen, listens: peer.listenerCount('error') > 0 }
    },
  },
  {
    title: 'The event connection, emitted by hand, takes any Duplex',
    async play({ client, server }) {
      const listener = server.createServer(serverFiles, socket => void socket.pipe(socket))
      const log = watch(listener, ['connection', 'secureConnection', 'tlsClientError'])
      const [near, far] = duplexPair()
      const had = listener.emit('connection', far)
      const socket = client.connect({ socket: near, ca, servername: 'localhost' })
      socket.end('by hand')
      return { had, text: await textFrom(socket), log, listening: listener.listening }
    },
  },
  {
    title: 'The event connection, emitted by hand with a socket that has been read from, begins where that ended',
    async play({ client, server }) {
      const listener = server.createServer(serverFiles, socket => void socket.end('secure now'))
      const plain = net.createServer(socket => {
        socket.once('data', () => {
          socket.write('go ahead')
          listener.emit('connection', socket)
        })
      })
      plain.listen(0, '127.0.0.1')
      await once(plain, 'listening')
      const raw = await dialRaw((plain.address() as net.AddressInfo).port)
      raw.write('STARTTLS')
      const [answer] = await once(raw, 'data')
      const socket = client.connect({ socket: raw, ca, servername: 'localhost' })
      const text = await textFrom(socket)
      plain.close()
      return { answer: String(answer), text }
    },
  },
  {
    title: 'addContext serves by name: exact, by wildcard for one label, without case, the last one added first',
    async play(pair) {
      const { server: listener, port } = await serve(pair.server)
      listener.addContext('*.example', otherFiles)
      const names = ['other.example', 'OTHER.example', 'a.b.example', 'example', 'localhost', 'otherxexample', '']
      const before = []
      for (const name of names) before.push([name, await servedTo(pair, port, name)])
      listener.addContext('other.example', pair.server.createSecureContext(serverFiles))
      return { before, after: await servedTo(pair, port, 'other.example'), wild: await servedTo(pair, port, 'more.example') }
    },
  },
  {
    title: 'An address for a name is against RFC 6066, and a server without a name for it serves its own certificate',
    async play(pair) {
      const { server: listener, port } = await serve(pair.server)
      listener.addContext('other.example', otherFiles)
      const accepted = once(listener, 'secureConnection')
      const name = await servedTo(pair, port, '127.0.0.1')
      const [peer] = await accepted
      return { name, servername: peer.servername }
    },
  },
  {
    title: 'SNICallback answers at once or later, with a context, with none, or with an error',
    async play(pair) {
      const outcomes: unknown[] = []
      const other = () => pair.server.createSecureContext(otherFiles)
      const answers: [string, (done: (...given: unknown[]) => void) => void][] = [
        ['at once', done => done(null, other())],
        ['later', done => void setImmediate(done, null, other())],
        ['none', done => done(null, null)],
        ['nothing', done => done()],
        ['an error', done => done(Object.assign(new Error('not here'), { code: 'E_NAME' }))],
        ['no context', done => done(null, {})],
      ]
      for (const [how, answer] of answers) {
        const asked: string[] = []
        const { server: listener, port } = await serve(pair.server, {
          SNICallback: (name, done) => {
            asked.push(name)
            answer(done as (...given: unknown[]) => void)
          },
        })
        const errors: unknown[] = []
        listener.on('tlsClientError', error => errors.push(fault(error)))
        outcomes.push([how, await servedTo(pair, port, 'other.example'), asked, errors])
      }
      return outcomes
    },
  },
  {
    title: 'ALPN: the server chooses the first of its own that the client offers, from lists in any form',
    async play(pair) {
      const wire = Buffer.from('\x02h2\x08http/1.1')
      const cases: { client?: object; server?: object }[] = [
        { client: { ALPNProtocols: ['a', 'b'] }, server: { ALPNProtocols: ['b', 'a'] } },
        { client: { ALPNProtocols: wire }, server: { ALPNProtocols: ['http/1.1'] } },
        { client: { ALPNProtocols: ['h2'] }, server: { ALPNProtocols: new Uint8Array(wire) } },
        { client: { ALPNProtocols: ['a'] } },
        { server: { ALPNProtocols: ['a'] } },
        { client: { ALPNProtocols: [] }, server: { ALPNProtocols: ['a'] } },
      ]
      const outcomes = []
      for (const each of cases) outcomes.push(await protocols(pair, each))
      return outcomes
    },
  },
  {
    title: 'ALPN: where nothing is common both ends hear of a fatal alert',
    play: pair => protocols(pair, { client: { ALPNProtocols: ['a'] }, server: { ALPNProtocols: ['b'] } }),
  },
  {
    title: 'ALPNCallback is asked with the name and the offer, and its answer counts; undefined refuses',
    async play(pair) {
      const asked: unknown[] = []
      const answering = (answer: string | undefined) => ({
        ALPNCallback: (offer: unknown) => {
          asked.push(offer)
          return answer
        },
      })
      const outcomes = []
      for (const answer of ['b', undefined])
        outcomes.push(await protocols(pair, { client: { ALPNProtocols: ['a', 'b'] }, server: answering(answer) }))
      outcomes.push(await protocols(pair, { client: {}, server: answering('b') }))
      outcomes.push(await protocols(pair, { client: { ALPNProtocols: ['a'], servername: '' }, server: answering('a') }))
      return { outcomes, asked }
    },
  },
  {
    title: 'ALPNCallback with an answer that was not offered is ERR_TLS_ALPN_CALLBACK_INVALID_RESULT',
    async play(pair) {
      const { server } = await protocols(pair, { client: { ALPNProtocols: ['a'] }, server: { ALPNCallback: () => 'z' } })
      return server
    },
  },
  {
    title: 'setKeyCert in ALPNCallback changes the certificate for that connection',
    async play(pair) {
      const { port } = await serve(pair.server, {
        ALPNCallback(this: unknown, { protocols }: { protocols: string[] }) {
          ;(this as { setKeyCert(context: object): void }).setKeyCert(otherFiles)
          return protocols[0]
        },
      } as object)
      const socket = dial(pair.client, port, { ALPNProtocols: ['x'], rejectUnauthorized: false })
      await once(socket, 'secureConnect')
      const changed = socket.getPeerCertificate().subjectaltname
      socket.destroy()
      return { changed, others: await servedTo(pair, port, 'localhost') }
    },
  },
  {
    title: 'setSecureContext serves the next connection, and leaves the last one alone',
    async play(pair) {
      const { client, server, port } = await meet(pair)
      const before = client.getPeerCertificate().subjectaltname
      server.setSecureContext(otherFiles)
      const after = await servedTo(pair, port, 'localhost')
      return { before, after, still: client.getPeerCertificate().subjectaltname, destroyed: client.destroyed }
    },
  },
  {
    title: 'A server takes the options of net.createServer: allowHalfOpen, noDelay, keepAlive, highWaterMark',
    async play(pair) {
      const { peer } = await meet(pair, { server: { allowHalfOpen: true, noDelay: true, keepAlive: true } as object })
      return { ...snapshot(peer, ['allowHalfOpen']), same: comparable(peer) }
    },
  },
]
