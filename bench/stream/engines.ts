/** Two engines whose output is the other's input, for each provider and suite, beside the AEAD calls that they can't do without. */
import type { CipherSuite, CryptoProvider } from '../../src/crypto/provider.ts'
import { createClient, createServer } from '../../src/engine.ts'
import { acceptWithoutVerification } from '../../src/x509/index.ts'
import type { Contender } from '../harness/measure.ts'
import { identityOf } from '../identity.ts'
import { benchProviders } from '../providers.ts'

export interface EngineBulk {
  readonly name: string
  /** Of application data, a call of each contender. */
  readonly bytes: number
  /** `engines` and `bare`. */
  readonly contenders: readonly Contender[]
}

/** `bytes` is for node:crypto; a provider in JavaScript gets an eighth. */
export function engineBulk(bytes: number): EngineBulk[] {
  return benchProviders().flatMap(provider =>
    provider.cipherSuites.map(suite => {
      const amount = provider.name === 'node' ? bytes : bytes / 8
      return {
        name: `${provider.name}, ${suite.name.replace(/^TLS_|_SHA\d+$/g, '')}`,
        bytes: amount,
        contenders: [engines(provider, suite, amount), bare(suite, amount)],
      }
    }),
  )
}

function engines(crypto: CryptoProvider, suite: CipherSuite, bytes: number): Contender {
  const common = { crypto, now: Date.now, cipherSuites: [suite.name] }
  const server = createServer({ ...common, identity: identityOf(crypto) })
  const client = createClient({ ...common, serverName: 'localhost' })
  let received = 0
  const pump = () => {
    for (let moved = true; moved; ) {
      moved = false
      for (const [from, to] of [[client, server] as const, [server, client] as const]) {
        for (const chunk of from.takeOutput()) {
          to.receive(chunk)
          moved = true
        }
        for (let event = to.poll(); event; event = to.poll()) {
          if (event.type === 'data') received += event.data.length
          if (event.type === 'peer-certificate') event.answer(acceptWithoutVerification(event.chain))
          if (event.type === 'failed') throw event.error
        }
      }
    }
  }
  pump()
  const piece = new Uint8Array(65_536).fill(7)
  return {
    name: 'engines',
    run() {
      received = 0
      for (let sent = 0; sent < bytes; sent += piece.length) {
        if (client.send(piece) !== piece.length) throw new Error('not all was taken')
        pump()
      }
      if (received !== bytes) throw new Error('not all came through')
    },
  }
}

function bare(suite: CipherSuite, bytes: number): Contender {
  const key = suite.aead.key(new Uint8Array(suite.aead.keySize).fill(1))
  const nonce = new Uint8Array(12)
  const header = new Uint8Array(5)
  const plain = [new Uint8Array(16_385).fill(7)]
  return {
    name: 'bare',
    run() {
      for (let sent = 0; sent < bytes; sent += 16_384) {
        const out: Uint8Array[] = []
        key.seal(nonce, header, plain, out)
        const sealed = out.length === 1 ? out[0] : Buffer.concat(out)
        if (sealed === undefined || key.open(nonce, header, sealed) === undefined) throw new Error('a record does not open')
      }
    },
  }
}
