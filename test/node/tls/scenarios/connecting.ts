/** How a client connects, and does not. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import {
  attempt,
  ca,
  closed,
  comparable,
  dial,
  dialRaw,
  echo,
  fault,
  freePort,
  listenRaw,
  relay,
  type Scenario,
  serve,
  serverFiles,
  settled,
  snapshot,
  textFrom,
  watch,
} from './stage.ts'

const milestones = ['connect', 'ready', 'secureConnect', 'secure', 'end', 'error', 'timeout', 'close']
const state = [
  ...['connecting', 'pending', 'readyState', 'encrypted', 'authorized', 'authorizationError', 'secureConnecting', 'alpnProtocol'],
  ...['destroyed', 'readable', 'writable', 'remoteAddress', 'remoteFamily', 'allowHalfOpen', 'bytesRead', 'timeout'],
]

export const connecting: readonly Scenario[] = [
  {
    title: 'A client tells connect, ready, secureConnect and secure, and its properties fit at each',
    async play({ client, server }) {
      const { port } = await serve(server, { ALPNProtocols: ['one'] })
      const socket = dial(client, port, { ALPNProtocols: ['one'] })
      const states: unknown[] = [snapshot(socket, state)]
      for (const event of ['connect', 'ready', 'secureConnect', 'secure']) {
        socket.on(event, (...args) =>
          states.push([
            event,
            args.length,
            snapshot(
              socket,
              state.filter(name => name !== 'bytesRead'),
            ),
          ]),
        )
      }
      await once(socket, 'secure')
      return { states, port: socket.remotePort === port, address: snapshot(socket.address(), ['address', 'family']) }
    },
  },
  {
    title: 'What is written before secureConnect waits and arrives, and its callback comes after',
    async play(pair) {
      const { client } = await echo(pair)
      const log = watch(client, ['connect', 'secureConnect', 'data', 'end', 'close'])
      const more = client.write('early ', () => log.push(['written']))
      const waiting = snapshot(client, ['writableLength', 'bufferSize', 'writableNeedDrain', 'bytesWritten'])
      client.end('and last')
      await closed(client)
      return {
        more,
        waiting,
        log: log.filter(([event]) => event !== 'written'),
        after: indexOf(log, 'written') > indexOf(log, 'secureConnect'),
      }
    },
  },
  {
    title: 'A port that nobody listens on is ECONNREFUSED with syscall, address and port, then close, and no secureConnect',
    subject: 'client',
    async play({ client }) {
      const port = await freePort()
      const socket = dial(client, port)
      const log = watch(socket, milestones)
      const [error] = await once(socket, 'error').catch(given => [given])
      await closed(socket)
      const { syscall, address, errno, message } = error as NodeJS.ErrnoException & { address: string }
      return {
        log,
        syscall,
        address,
        errno,
        message: message.replace(String(port), 'PORT'),
        after: snapshot(socket, ['destroyed', 'authorized']),
      }
    },
  },
  {
    title: 'A look-up that fails is an error of the socket, and a look-up of the caller is asked with the name',
    async play({ client, server }) {
      const asked: unknown[] = []
      const failing = dial(client, 1, {
        host: 'no.such.example',
        lookup: (name, _options, done) => {
          asked.push(name)
          done(Object.assign(new Error('nowhere'), { code: 'ENOTFOUND' }), '', 4)
        },
      })
      const log = watch(failing, [...milestones, 'lookup'])
      await closed(failing)
      const { port } = await serve(server)
      const found = dial(client, port, {
        host: 'some.example',
        lookup: (name, options, done) => {
          asked.push(name)
          if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }])
          else done(null, '127.0.0.1', 4)
        },
      })
      const happy = watch(found, ['lookup', 'connect', 'secureConnect'])
      await once(found, 'secureConnect')
      return { log, asked, happy }
    },
  },
  {
    title: 'An AbortSignal ends the attempt, or the connection, with AbortError',
    async play({ client, server }) {
      const { port } = await serve(server)
      const outcomes = []
      for (const when of ['connect', 'secureConnect']) {
        const aborting = new AbortController()
        const socket = dial(client, port, { signal: aborting.signal } as object)
        const log = watch(socket, ['secureConnect', 'error', 'close'])
        socket.once(when, () => aborting.abort())
        await closed(socket)
        outcomes.push({ when, log: log.filter(([event]) => event !== 'close') })
      }
      return outcomes
    },
  },
  {
    title: 'connect takes port, host and options in all their orders, and the callback is a listener of secureConnect',
    async play({ client, server }) {
      const { port } = await serve(server)
      const common = { ca, servername: 'localhost' }
      const told: unknown[] = []
      const forms = [
        (done: () => void) => client.connect({ ...common, port, host: '127.0.0.1' }, done),
        (done: () => void) => client.connect(port, '127.0.0.1', common, done),
        (done: () => void) => client.connect(port, { ...common, host: '127.0.0.1' }, done),
        (done: () => void) => client.connect(String(port) as never, '127.0.0.1', common, done),
        (done: () => void) => client.connect(1, 'not.used.example', { ...common, host: '127.0.0.1', port }, done),
      ]
      for (const [number, form] of forms.entries()) {
        const socket = await new Promise<ReturnType<typeof client.connect>>(resolve => {
          const made = form(function (this: unknown, ...args: unknown[]) {
            told.push([number, args.length, this === made])
            resolve(made)
          })
        })
        socket.destroy()
      }
      return told
    },
  },
  {
    title: 'connect reaches a server behind a path, as an argument or as an option that wins',
    async play({ client, server }) {
      const folder = mkdtempSync(join(tmpdir(), 'tls-'))
      const path = join(folder, 'socket')
      const listener = server.createServer(serverFiles, socket => void socket.end('by path'))
      try {
        listener.listen(path)
        await once(listener, 'listening')
        const byArgument = client.connect(path as never, { ca, servername: 'localhost' })
        const byOption = client.connect('/no/such/path' as never, { path, ca, servername: 'localhost' })
        const texts = await Promise.all([byArgument, byOption].map(textFrom))
        const refused = dial(client, 0, { path: join(folder, 'none') })
        const [error] = await once(refused, 'error')
        return { texts, remote: byArgument.remoteAddress, error: fault(error), syscall: error.syscall }
      } finally {
        listener.close()
        rmSync(folder, { recursive: true })
      }
    },
  },
  {
    title: 'Over a socket that is connected, or still connecting, the handshake runs and connect is only told of the latter',
    async play({ client, server }) {
      const { port, server: listener } = await serve(server)
      listener.on('secureConnection', socket => void socket.end('over yours'))
      const outcomes = []
      for (const raw of [await dialRaw(port), net.connect(port, '127.0.0.1')]) {
        const socket = client.connect({ socket: raw, ca, servername: 'localhost' })
        const before = snapshot(socket, ['connecting', 'pending', 'readyState'])
        const log = watch(socket, ['connect', 'ready', 'secureConnect', 'data', 'end', 'close'])
        socket.once('secureConnect', () => log.push(['port', socket.remotePort === port]))
        await closed(socket)
        outcomes.push({ before, log })
      }
      return outcomes
    },
  },
  {
    title: 'Over any two Duplex streams both ends talk, and have no addresses',
    async play({ client, server }) {
      const [near, far] = duplexPair()
      const secureContext = server.createSecureContext(serverFiles)
      const peer = new server.TLSSocket(far, { isServer: true, secureContext })
      const socket = client.connect({ socket: near, ca, servername: 'localhost' })
      const logs = [
        watch(socket, ['connect', 'secureConnect', 'secure', 'end']),
        watch(peer, ['connect', 'secureConnect', 'secure', 'end']),
      ]
      peer.pipe(peer)
      socket.end('round and back')
      const text = await textFrom(socket)
      await settled()
      return { text, logs, address: [socket.address(), socket.remoteAddress, socket.remotePort, peer.remoteAddress] }
    },
  },
  {
    title: 'A socket that ends, or is destroyed, under the connection is the end of it',
    async play({ client, server }) {
      const { port } = await serve(server)
      const outcomes = []
      for (const how of ['destroy', 'end'] as const) {
        const raw = await dialRaw(port)
        const socket = client.connect({ socket: raw, ca, servername: 'localhost' })
        await once(socket, 'secureConnect')
        const log = watch(socket, ['end', 'error', 'close'])
        socket.resume()
        raw[how]()
        await closed(socket)
        outcomes.push({ how, log, destroyed: [socket.destroyed, raw.destroyed] })
      }
      return outcomes
    },
  },
  {
    title: 'A server that hangs up before the handshake is done is ECONNRESET, in the words that programs look for',
    subject: 'client',
    async play({ client }) {
      const outcomes = []
      for (const how of ['end', 'destroy'] as const) {
        const { port, close } = await listenRaw(socket => void socket.once('data', () => socket[how]()))
        const socket = dial(client, port)
        const log = watch(socket, milestones)
        const [error] = await once(socket, 'error').catch(given => [given])
        await closed(socket)
        close()
        const { message, host, port: to, path, localAddress } = error as Error & Record<string, unknown>
        outcomes.push({ how, log, message, host, to: to === port, path, localAddress })
      }
      return outcomes
    },
  },
  {
    title: 'A server that speaks no TLS is ERR_SSL_WRONG_VERSION_NUMBER',
    subject: 'client',
    async play({ client }) {
      const { port, close } = await listenRaw(socket => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
      const socket = dial(client, port)
      const log = watch(socket, milestones)
      const [error] = await once(socket, 'error').catch(given => [given])
      await closed(socket)
      close()
      const { library, reason } = error as Error & Record<string, unknown>
      return { log, library, reason }
    },
  },
  {
    title: 'A reset in the middle of the handshake, and after it, is ECONNRESET with its syscall',
    async play({ client, server }) {
      const early = await listenRaw(socket => void socket.once('data', () => socket.resetAndDestroy()))
      const first = dial(client, early.port)
      const during = watch(first, ['secureConnect', 'error', 'close'])
      await closed(first)
      early.close()
      const between = await relay((await serve(server)).port)
      const second = dial(client, between.port)
      await once(second, 'secureConnect')
      const after = watch(second, ['error', 'close', 'end'])
      second.on('error', error => after.push(['syscall', (error as NodeJS.ErrnoException).syscall]))
      second.resume()
      await settled()
      ;(await between.met).near.resetAndDestroy()
      await closed(second)
      return { during, after }
    },
  },
  {
    title: 'setTimeout tells of silence, keeps the socket, is named by timeout, and 0 takes it back',
    async play({ client, server }) {
      const { port } = await serve(server)
      const socket = dial(client, port, { timeout: 40 })
      const log = watch(socket, ['timeout', 'close', 'error'])
      const first = socket.timeout
      await once(socket, 'timeout')
      const told: unknown[] = [first, socket.destroyed]
      told.push(socket.setTimeout(30, () => told.push('called back')) === socket, socket.timeout)
      await once(socket, 'timeout')
      const listener = () => {}
      socket.setTimeout(0, listener)
      told.push(socket.timeout, socket.listeners('timeout').includes(listener))
      return {
        told,
        log: log.map(([event]) => event),
        codes: [attempt(() => socket.setTimeout('x' as never)), attempt(() => socket.setTimeout(1, 3 as never))],
      }
    },
  },
  {
    title: 'events.once resolves at secureConnect without arguments, and rejects with the error of a certificate that is not trusted',
    async play({ client, server }) {
      const { port } = await serve(server)
      const fine = await once(dial(client, port), 'secureConnect')
      const refused = await once(client.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: [] }), 'secureConnect').catch(fault)
      return { fine: fine.map(comparable), refused }
    },
  },
  {
    title: 'The settings of a TCP socket can be made on it, and each gives the socket back',
    async play(pair) {
      const { client } = await echo(pair, { keepAlive: true, noDelay: true } as object)
      const before = [client.setNoDelay(true) === client, client.setKeepAlive(true, 10) === client]
      await once(client, 'secureConnect')
      return {
        before,
        after: [client.setNoDelay() === client, client.setKeepAlive() === client, client.unref() === client, client.ref() === client],
      }
    },
  },
]

function indexOf(log: readonly (readonly unknown[])[], event: string): number {
  return log.findIndex(([name]) => name === event)
}
