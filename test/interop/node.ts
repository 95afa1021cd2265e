/** Node's own `tls`, in the process of the tests. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { afterEach } from 'vitest'
import { allKeys, authority } from './credentials.ts'
import { Inbox } from './inbox.ts'
import { agreedOn, alertIn, clientFor, serverFor } from './node-sockets.ts'
import { classicGroups, type Habits, type Peer, type PeerEnd, type PeerServer } from './peer.ts'

/** It judges certificates when the handshake is done, and then just leaves. */
export const nodeHabits: Habits = { disbelieves: 'by leaving', outlivesEnd: true, hearsAfterEnd: true }

export const nodeTls: Peer = {
  groups: classicGroups,
  keys: allKeys,
  server: {
    ...nodeHabits,
    refusesVersion: 'protocol_version',
    async start(options) {
      const credential = options.credential ?? (await (await authority()).issue('P-256'))
      const end = new End()
      const server = serverFor(
        { ...options, credential },
        socket => end.attach(socket),
        error => end.fail(error),
      )
      opened.add(server.on('connection', (socket: Socket) => void opened.add(socket)))
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
      return Object.assign(end, { port: address.port }) satisfies PeerServer
    },
  },
  client: {
    ...nodeHabits,
    async start(port, options) {
      const end = new End()
      const socket = clientFor(port, options)
      opened.add(socket)
      socket.on('error', error => end.fail(error)).once('secureConnect', () => end.attach(socket))
      return end
    },
  },
}

const opened = new Set<Closable>()

interface Closable {
  close?(): unknown
  destroy?(): unknown
}

afterEach(() => {
  for (const each of opened) each.destroy?.() ?? each.close?.()
  opened.clear()
})

/** A socket that is there before its connection is. */
class End implements PeerEnd {
  readonly inbox: Inbox
  readonly closed: Promise<boolean>
  readonly #data = new PassThrough()
  readonly #socket: Promise<TLSSocket>
  readonly #error: Promise<Error>
  attach: (socket: TLSSocket) => void = () => {}
  fail: (error: Error) => void = () => {}

  constructor() {
    this.inbox = new Inbox(this.#data, "Node's socket")
    this.#error = new Promise(resolve => {
      this.fail = resolve
    })
    this.#socket = new Promise(resolve => {
      this.attach = socket => {
        socket.on('error', this.fail).pipe(this.#data)
        resolve(socket)
      }
    })
    this.closed = this.#socket.then(socket => new Promise(resolve => socket.once('close', hadError => resolve(!hadError))))
  }

  send(data: Uint8Array): void {
    this.#socket.then(socket => socket.write(data))
  }

  end(): void {
    this.#socket.then(socket => socket.end())
  }

  kill(): void {
    this.#socket.then(socket => socket.destroy())
  }

  async agreed() {
    return agreedOn(await this.#socket)
  }

  async alert() {
    const error = await this.#error
    const alert = alertIn(error)
    if (alert === undefined) throw error
    return alert
  }
}
