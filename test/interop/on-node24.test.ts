/** This package on Node 24, whose ML-KEM the node provider takes: Node 20 has none. */
import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { describeWith } from './child.ts'
import { node24Program } from './node24.ts'

describeWith(node24Program, 'The node provider on Node 24', () => {
  it.each(['mlKem768', 'mlKem1024'])('agrees with noble on %s, whoever encapsulates, and refuses what it refuses', name => {
    expect(run(agreement, name)).toEqual({ native: true, agreed: [true, true], refused: ['KeyExchangeError', 'KeyExchangeError'] })
  })

  it('shakes hands with noble on X25519MLKEM768 in both roles, and exchanges records of all sizes', () => {
    expect(run(handshakes)).toEqual({ groups: ['X25519MLKEM768', 'X25519MLKEM768'], intact: [true, true] })
  })
})

/** What the script writes as JSON. It runs on what was built of this package. */
function run(script: string, ...args: readonly string[]): unknown {
  if (node24Program.missing !== undefined) throw new Error(node24Program.missing)
  const cwd = new URL('../../', import.meta.url)
  return JSON.parse(
    execFileSync(node24Program.command[0], ['--input-type=module', '-e', script, '--', ...args], {
      cwd,
      encoding: 'utf8',
      timeout: 60_000,
    }),
  )
}

const agreement = `
import { randomBytes } from 'node:crypto'
import * as library from './dist/crypto/ml-kem.js'
import { nativeKems } from './dist/crypto/node/ml-kem.js'

const name = process.argv.at(-1)
const own = nativeKems()?.[name]
const other = library.kemOf(library[name], size => new Uint8Array(randomBytes(size)))
const agrees = (a, b) => {
  const pair = a.generate()
  const { ciphertext, secret } = b.encapsulate(pair.encapsulationKey)
  return Buffer.compare(pair.decapsulate(ciphertext), secret) === 0
}
const refusal = kem => {
  try {
    kem.encapsulate(other.generate().encapsulationKey.fill(0xff, 0, 3))
  } catch (error) {
    return error.name
  }
}
console.log(JSON.stringify({ native: own !== undefined, agreed: [agrees(own, other), agrees(other, own)], refused: [refusal(own), refusal(other)] }))
`

const handshakes = `
import { randomBytes } from 'node:crypto'
import { duplexPair } from 'node:stream'
import { createNobleProvider } from './dist/crypto/noble.js'
import { createNodeProvider, TlsStream } from './dist/node/index.js'
import { mintAuthority } from './dist/testing/index.js'
import { createTrustStore } from './dist/x509/index.js'

const authority = await mintAuthority({ key: 'P-256' })
const { certificateDer, privateKeyPkcs8 } = await authority.issue({ names: ['localhost'], key: 'P-256' })
const providers = [createNodeProvider(), createNobleProvider({ random: size => new Uint8Array(randomBytes(size)) })]
const groups = []
const intact = []
for (const [ours, theirs] of [providers, providers.toReversed()]) {
  const [a, b] = duplexPair()
  const trust = createTrustStore({ roots: [authority.certificateDer], crypto: ours })
  const client = TlsStream.client(a, { crypto: ours, serverName: 'localhost', trust })
  const server = TlsStream.server(b, { crypto: theirs, identity: { chain: [certificateDer], key: theirs.importPrivateKey(privateKeyPkcs8) } })
  groups.push((await client.connected()).group)
  const sent = [1, 640, 641, 2048, 2049, 16384, 50000].map(size => randomBytes(size))
  server.pipe(server)
  for (const data of sent) {
    client.write(data)
    await new Promise(setImmediate)
  }
  client.end()
  intact.push(Buffer.concat(await client.toArray()).equals(Buffer.concat(sent)))
}
console.log(JSON.stringify({ groups, intact }))
`
