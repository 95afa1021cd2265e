/** A worker: one long stream, and what is held while it flows. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createClient, createServer } from '../../src/engine.ts'
import { connectTls, createNodeProvider, serveTls } from '../../src/node/index.ts'
import type { Connection } from '../../src/types.ts'
import { createTrustStore } from '../../src/x509/index.ts'
import { work } from '../harness/child.ts'
import type { Credentials } from './credentials.ts'
import { type Held, heldNow } from './held.ts'

export interface StreamJob {
  /** Two engines that hand each other their output, or two streams over loopback TCP. */
  readonly over: 'memory' | 'tcp'
  /** How many are looked at; as many as it takes until all code is compiled go before. */
  readonly bytes: number
  readonly credentials: Credentials
}

export interface StreamResult {
  /** What is held at equal distances, from the first bytes to the last. */
  readonly live: readonly Held[]
  /** The most that was in V8's heap and in array buffers, garbage with it, beyond what is held: seen at each chunk. */
  readonly peak: number
}

work(async ({ over, bytes, credentials }: StreamJob): Promise<StreamResult> => {
  const samples = new Samples(bytes)
  await (over === 'memory' ? throughMemory : overTcp)(warmUp + bytes, credentials, samples)
  return samples
})

const sampleCount = 64
const chunkSize = 65_536
/** Bytes. */
const warmUp = 2 ** 27

class Samples {
  readonly live: Held[] = []
  peak = 0
  readonly #step: number
  #next: number

  constructor(bytes: number) {
    this.#step = bytes / sampleCount
    this.#next = warmUp + this.#step
  }

  /** `received`: bytes that have come through. */
  see(received: number): void {
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    const last = this.live.at(-1)
    if (last) this.peak = Math.max(this.peak, heapUsed + arrayBuffers - last.heap - last.buffers)
    if (received < this.#next) return
    this.#next += this.#step
    this.live.push(heldNow())
  }
}

async function throughMemory(bytes: number, { chain, key, root, name }: Credentials, samples: Samples): Promise<void> {
  const crypto = createNodeProvider()
  const trust = createTrustStore({ roots: [root], crypto })
  const client = createClient({ serverName: name, trust, crypto, now: Date.now })
  const server = createServer({ identity: { chain, key: crypto.importPrivateKey(key) }, crypto })
  for (let moved = true; moved; ) moved = [pass(client, server) > 0, pass(server, client) > 0, client.pendingOutput > 0].includes(true)
  const chunk = new Uint8Array(chunkSize).fill(7)
  let received = 0
  while (received < bytes) {
    client.send(chunk)
    received += pass(client, server)
    samples.see(received)
  }
}

/** Bytes of application data that have come through. */
function pass(from: Connection, to: Connection): number {
  let received = 0
  for (const chunk of from.takeOutput()) {
    to.receive(chunk)
    for (let event = to.poll(); event; event = to.poll()) {
      if (event.type === 'failed') throw event.error
      if (event.type === 'data') received += event.data.length
    }
  }
  return received
}

async function overTcp(bytes: number, { chain, key, root, name }: Credentials, samples: Samples): Promise<void> {
  const crypto = createNodeProvider()
  const trust = createTrustStore({ roots: [root], crypto })
  let received = 0
  let done = () => {}
  const all = new Promise<void>(resolve => {
    done = resolve
  })
  const server = serveTls({ identity: { chain, key: crypto.importPrivateKey(key) }, crypto }, stream => {
    stream.on('data', (data: Uint8Array) => {
      received += data.length
      samples.see(received)
      if (received >= bytes) done()
    })
  }).listen(0, name)
  await once(server, 'listening')
  const stream = connectTls({ host: name, port: (server.address() as AddressInfo).port, trust, crypto })
  await stream.connected()
  const chunk = new Uint8Array(chunkSize).fill(7)
  for (let sent = 0; sent < bytes; sent += chunkSize) if (!stream.write(chunk)) await once(stream, 'drain')
  await all
}
