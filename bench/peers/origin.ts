/** Starts the server that all libraries meet, with a certificate by an authority made for it. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mintAuthority } from '../../src/testing/index.ts'
import type { Target } from './library.ts'
import { curves } from './node-tls.ts'
import type { Order } from './server.ts'

export type Parameters = Pick<Target, 'cipherSuite' | 'group'>

export interface Origin {
  /** As many as the parameters, in their order. */
  readonly targets: readonly Target[]
  /** An authority that has nothing to do with them. */
  readonly strangerPem: string
  stop(): Promise<void>
}

/** Resolves when the server listens. */
export async function startOrigin(parameters: readonly Parameters[]): Promise<Origin> {
  // subtls asks for digitalSignature of authorities too.
  const authority = await mintAuthority({ keyUsage: ['keyCertSign', 'cRLSign', 'digitalSignature'] })
  const { certificatePem, privateKeyPem } = await authority.issue({ names: [serverName], purposes: ['server'] })
  const order: Order = {
    key: privateKeyPem,
    cert: certificatePem,
    targets: parameters.map(({ cipherSuite, group }) => ({ ciphers: cipherSuite, ecdhCurve: curves[group] ?? group })),
  }
  const child = fork(new URL('server.js', import.meta.url))
  const ended = once(child, 'exit')
  child.send(order)
  const [ports] = (await Promise.race([
    once(child, 'message'),
    ended.then(() => {
      throw new Error('the server ended')
    }),
  ])) as [number[]]
  const stranger = await mintAuthority()
  return {
    strangerPem: stranger.certificatePem,
    targets: parameters.map((pair, i) => ({ ...pair, port: ports[i] ?? 0, serverName, rootPem: authority.certificatePem })),
    async stop() {
      child.kill()
      await ended
    },
  }
}

const serverName = 'localhost'
