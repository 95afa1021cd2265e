/** How connections end: in order, half by half, by force. */
import { once } from 'node:events'
import {
  attempt,
  closed,
  comparable,
  dial,
  fault,
  meet,
  type Pair,
  relay,
  type Scenario,
  serve,
  settled,
  snapshot,
  textFrom,
  watch,
} from './stage.ts'

const lastEvents = ['data', 'end', 'finish', 'error', 'close']
const lastState = ['destroyed', 'readableEnded', 'writableFinished', 'readyState', 'closed', 'errored']

/** Both ends, read to their end, with what they told. */
async function watched(pair: Pair, options: { client?: object; server?: object } = {}) {
  const { client, peer, server } = await meet(pair, options)
  // A client that is destroyed with tickets unread resets the connection, whoever it is.
  await settled()
  const logs = { client: watch(client, lastEvents), peer: watch(peer, lastEvents) }
  const over = async () => {
    await Promise.all([closed(client), closed(peer)])
    return { ...logs, states: [client, peer].map(each => snapshot(each, lastState)) }
  }
  return { client, peer, server, logs, over }
}

export const ending: readonly Scenario[] = [
  {
    title: 'A client that ends is followed by a server that does not stay half open',
    async play(pair) {
      const { client, over } = await watched(pair)
      client.end('the last word')
      return over()
    },
  },
  {
    title: 'A server that ends is followed by a client that does not stay half open',
    async play(pair) {
      const { peer, over } = await watched(pair)
      peer.end('the last word')
      return over()
    },
  },
  {
    title: 'A server with allowHalfOpen answers after the end of the client',
    async play(pair) {
      const { client, peer, over } = await watched(pair, { server: { allowHalfOpen: true } })
      peer.on('end', () => setImmediate(() => peer.end(`an answer, ${peer.readyState}`)))
      client.end('a question')
      return over()
    },
  },
  {
    title: 'A client with allowHalfOpen goes on after the end of the server',
    async play(pair) {
      const { client, peer, over } = await watched(pair, { client: { allowHalfOpen: true }, server: { allowHalfOpen: true } })
      client.on('end', () => setImmediate(() => client.end(`still here, ${client.readyState}`)))
      peer.end('enough of me')
      return over()
    },
  },
  {
    title: 'A client without allowHalfOpen whose half was not ended has it ended at the end of the server',
    async play(pair) {
      const { client, peer, over } = await watched(pair, { server: { allowHalfOpen: true } })
      const late: unknown[] = []
      client.on('end', () => setImmediate(() => client.write('too late', error => late.push(fault(error)))))
      peer.end('enough of me')
      const result = await over()
      return { ...result, late, client: result.client.filter(([event]) => event !== 'error') }
    },
  },
  {
    title: 'Both ends end at once',
    async play(pair) {
      const { client, peer, over } = await watched(pair)
      client.end('from here')
      peer.end('from there')
      const { states, ...logs } = await over()
      return { states, logs: Object.values(logs).map(log => log.filter(([event]) => event !== 'finish')) }
    },
  },
  {
    title: 'end calls back at finish, also when it brings no data, and a second one says ERR_STREAM_ALREADY_FINISHED',
    async play(pair) {
      const { client, over, logs } = await watched(pair)
      const told: unknown[] = [client.end(() => told.push('ended')) === client]
      await once(client, 'finish')
      await settled()
      client.end((error?: Error) => told.push(fault(error)))
      await over()
      return { told, client: logs.client, peer: logs.peer }
    },
  },
  {
    title: 'destroy without an error is close(false) here, and an end at the peer, not an error',
    async play(pair) {
      const { client, peer, over } = await watched(pair)
      const same = client.destroy() === client
      const at = snapshot(client, ['destroyed', 'closed'])
      await closed(peer)
      return { same, at, ...(await over()) }
    },
  },
  {
    title: 'A server that destroys its socket is an end at the client, not an error',
    async play(pair) {
      const { peer, over } = await watched(pair)
      peer.destroy()
      return over()
    },
  },
  {
    title: 'destroy with an error is that error and close(true) here, and an end at the peer',
    async play(pair) {
      const { client, over } = await watched(pair)
      client.destroy(Object.assign(new RangeError('of my own'), { code: 'E_MINE' }))
      return over()
    },
  },
  {
    title: 'destroy behind a write loses nothing that the write called back for',
    async play(pair) {
      const { client, peer, over, logs } = await watched(pair)
      client.write('delivered', () => client.destroy())
      await over()
      return { client: logs.client, peer: logs.peer.filter(([event]) => event !== 'error'), destroyed: peer.destroyed }
    },
  },
  {
    title: 'destroy before the connection is there tells close alone, and calls back pending writes with an error',
    async play({ client, server }) {
      const { port } = await serve(server)
      const outcomes = []
      for (const error of [undefined, new Error('changed my mind')]) {
        const socket = dial(client, port)
        const log = watch(socket, ['connect', 'secureConnect', 'error', 'end', 'close'])
        socket.write('never sent', error => log.push(['written', fault(error)]))
        socket.destroy(error)
        await closed(socket)
        await settled()
        const [told, written] = [log.filter(([event]) => event !== 'written'), log.filter(([event]) => event === 'written')]
        outcomes.push({ told, written, state: snapshot(socket, ['destroyed', 'connecting', 'authorized']) })
      }
      return outcomes
    },
  },
  {
    title: 'destroy during the handshake tells close alone, and the server a tlsClientError ECONNRESET',
    async play({ client, server }) {
      const { port, server: listener } = await serve(server)
      const told = watch(listener, ['secureConnection', 'tlsClientError'])
      const socket = dial(client, port)
      const log = watch(socket, ['connect', 'secureConnect', 'error', 'end', 'close'])
      socket.on('connect', () => socket.destroy())
      await Promise.all([closed(socket), once(listener, 'tlsClientError')])
      return { log, told }
    },
  },
  {
    title: 'What is written after end is ERR_STREAM_WRITE_AFTER_END, to the callback and as the error of the socket',
    async play(pair) {
      const { client, over } = await watched(pair)
      client.end()
      const told: unknown[] = []
      told.push(attempt(() => client.write('late', error => told.push(fault(error)))))
      await over()
      return { told, errored: comparable(client.errored) }
    },
  },
  {
    title: 'What is written after destroy is ERR_STREAM_DESTROYED, to the callback alone',
    async play(pair) {
      const { client, over, logs } = await watched(pair)
      client.destroy()
      const told: unknown[] = []
      told.push(attempt(() => client.write('late', error => told.push(fault(error)))))
      await over()
      return { told, log: logs.client }
    },
  },
  {
    title: 'What can not be written throws: null, numbers, unknown encodings',
    async play(pair) {
      const { client } = await watched(pair)
      return [null, 3, {}, undefined]
        .map(chunk => attempt(() => client.write(chunk as never)))
        .concat(attempt(() => client.write('x', 'no' as never)))
    },
  },
  {
    title: 'A transport that breaks off without close_notify is an end, as Node has it',
    async play({ client, server }) {
      const between = await relay((await serve(server)).port)
      const socket = dial(client, between.port)
      await once(socket, 'secureConnect')
      const log = watch(socket, lastEvents)
      ;(await between.met).near.end()
      await closed(socket)
      return { log, state: snapshot(socket, lastState) }
    },
  },
  {
    title: 'A reset of the client is ECONNRESET at the server, and to its tlsClientError when it was secure already',
    async play({ client, server }) {
      const { port, server: listener, accepted } = await serve(server)
      const between = await relay(port)
      const told = watch(listener, ['tlsClientError'])
      dial(client, between.port)
      const peer = await accepted
      const log = watch(peer, ['error', 'end', 'close'])
      peer.resume()
      await settled()
      ;(await between.met).far.resetAndDestroy()
      await closed(peer)
      return { log, told }
    },
  },
  {
    title: 'The end of a peer waits behind what a paused reader has not read',
    async play(pair) {
      const { client, peer } = await meet(pair)
      const log = watch(client, ['end', 'close'])
      peer.end('read me first')
      await once(peer, 'finish')
      await settled()
      const before = [...log]
      const text = await textFrom(client)
      await closed(client)
      return { before, text, log }
    },
  },
  {
    title: 'destroySoon delivers what was written, and then closes',
    async play(pair) {
      const { client, over } = await watched(pair)
      client.write('one ')
      client.write('two')
      ;(client as unknown as { destroySoon(): void }).destroySoon()
      return over()
    },
  },
  {
    title: 'A socket that is gone answers as its documentation says',
    async play(pair) {
      const { client, peer, over } = await watched(pair)
      client.destroy()
      await over()
      return [client, peer].map(socket => ({
        protocol: attempt(() => socket.getProtocol()),
        cipher: attempt(() => socket.getCipher()),
        certificate: attempt(() => socket.getPeerCertificate()),
        own: attempt(() => socket.getCertificate()),
        x509: [attempt(() => socket.getPeerX509Certificate()), attempt(() => socket.getX509Certificate())],
        session: [attempt(() => socket.getSession()), attempt(() => socket.getTLSTicket()), attempt(() => socket.isSessionReused())],
        key: attempt(() => socket.getEphemeralKeyInfo()),
        finished: [attempt(() => socket.getFinished()), attempt(() => socket.getPeerFinished())],
        exported: attempt(() => socket.exportKeyingMaterial(8, 'x', Buffer.alloc(0))),
        sigalgs: attempt(() => socket.getSharedSigalgs()),
        fragment: attempt(() => socket.setMaxSendFragment(1024)),
        renegotiate: attempt(() => socket.renegotiate({}, () => {})),
        encrypted: socket.encrypted,
      }))
    },
  },
]
