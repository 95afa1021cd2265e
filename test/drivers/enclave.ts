/** A server as it would run inside an enclave: its certificate holds evidence about its key, in the form of `examples/attestation.ts`. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { once } from 'node:events'
import { createNodeProvider, serveTls } from '../../src/node/index.ts'
import { generateKeyPair, mintSelfSigned } from '../../src/testing/index.ts'
import { loadIdentity } from '../../src/x509/index.ts'

/** Who makes the hardware, and vouches for what runs on it. */
export interface Maker {
  readonly privateKey: KeyObject
  readonly publicPem: string
}

export function newMaker(): Maker {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return { privateKey, publicPem: String(publicKey.export({ type: 'spki', format: 'pem' })) }
}

export interface EnclaveOptions {
  /** Who signs the evidence; `undefined`: there is none. */
  readonly maker: Maker | undefined
  readonly measurement: Uint8Array
  /** Whether the evidence is about another key than the certificate's. */
  readonly ofAnotherKey?: boolean
}

export interface Enclave {
  readonly port: number
  /** What its one client has sent, all of it, once that has left; or what it was told instead. */
  readonly received: Promise<string>
  /** Resolves once nobody is connected. */
  close(): Promise<unknown>
}

/** Takes one connection, and answers with how many bytes it got. */
export async function startEnclave({ maker, measurement, ofAnotherKey = false }: EnclaveOptions): Promise<Enclave> {
  const crypto = createNodeProvider()
  const key = await generateKeyPair()
  const about = ofAnotherKey ? randomBytes(91) : key.publicKeySpki
  const claims = Buffer.concat([measurement, createHash('sha256').update(about).digest()])
  const evidence = maker && Buffer.concat([Uint8Array.of(4, 0x81, 128), claims, sign(null, claims, maker.privateKey)])
  const extensions = evidence ? [{ oid: '1.3.6.1.4.1.32473.1', value: evidence }] : []
  const minted = await mintSelfSigned({ names: ['enclave.test'], key, extensions })
  const identity = loadIdentity({ cert: minted.certificatePem, key: minted.privateKeyPem, crypto })
  let done: (result: string) => void = () => {}
  const received = new Promise<string>(resolve => (done = resolve))
  const server = serveTls({ identity, crypto, allowHalfOpen: true, onError: error => done(error.message) }, async stream => {
    let text = ''
    stream.on('data', chunk => (text += chunk))
    await once(stream, 'end')
    stream.end(`${text.length} bytes`)
    done(text)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return { port: address.port, received, close: () => once(server.close(), 'close') }
}
