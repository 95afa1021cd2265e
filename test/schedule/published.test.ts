/** The key schedule against the ACVP groups and OpenSSL's chains, which are not part of this repository. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CryptoProvider, Hash } from '../../src/crypto/provider.ts'
import { deriveSecret, hkdfExpandLabel, hkdfExtract } from '../../src/schedule/hkdf.ts'
import { earlyStage } from '../../src/schedule/key-schedule.ts'
import { Transcript } from '../../src/schedule/transcript.ts'
import { hashOf, providers } from './providers.ts'
import { fromHex, toHex } from './rfc8448.ts'

const folder = process.env.TASSEL_VECTORS ?? join(import.meta.dirname, '../../../shared/vectors')
const present = existsSync(folder)

if (!present) test.skip(`the published vectors are not at ${folder}: set TASSEL_VECTORS`, () => {})

describe.runIf(present).each(providers)('With $name', provider => {
  test('the 10 ACVP groups of TLS 1.3 come out, 8 secrets each', () => {
    const groups: AcvpGroup[] = read('acvp/TLS13.vectors.json')
    const expected = new Map(read<AcvpAnswer>('acvp/TLS13.expected.json').map(group => [group.tgId, group.tests]))
    let secrets = 0
    for (const group of groups) {
      const hash = hashOf(provider, hashNames[group.hmacAlg] ?? 'sha256')
      for (const given of group.tests) {
        const answer = expected.get(group.tgId)?.find(test => test.tcId === given.tcId)
        const { tcId: _, ...values } = answer ?? { tcId: 0 }
        expect(acvpSecrets(hash, given)).toEqual(values)
        secrets += Object.keys(values).length
      }
    }
    expect(secrets).toBe(80)
  })

  test("OpenSSL's chains come out: 564 of 571 steps, the others being refusals of the FIPS provider", () => {
    const steps = readFileSync(join(folder, 'kdf/evpkdf_tls13_kdf.txt'), 'utf8')
      .split('\n\n')
      .filter(step => /^KDF = /m.test(step))
    expect(steps).toHaveLength(571)
    const usable = steps.filter(step => /^Output = /m.test(step) && /digest:SHA2-/.test(step))
    for (const step of usable) expect(toHex(runStep(provider, step))).toBe(/^Output = (\w+)/m.exec(step)?.[1])
    expect(usable).toHaveLength(564)
  })
})

interface AcvpTest {
  readonly tcId: number
  readonly dhe?: string
  readonly psk?: string
  readonly helloClientRandom: string
  readonly helloServerRandom: string
  readonly finishedClientRandom: string
  readonly finishedServerRandom: string
}
interface AcvpGroup {
  readonly tgId: number
  readonly hmacAlg: string
  readonly tests: readonly AcvpTest[]
}
interface AcvpAnswer {
  readonly tgId: number
  readonly tests: readonly { readonly tcId: number }[]
}

const hashNames: Readonly<Record<string, 'sha256' | 'sha384'>> = { 'SHA2-256': 'sha256', 'SHA2-384': 'sha384' }

function read<T>(name: string): T[] {
  return JSON.parse(readFileSync(join(folder, name), 'utf8'))[1].testGroups
}

/** In these tests four random strings stand for the messages. */
function acvpSecrets(hash: Hash, given: AcvpTest): Record<string, string> {
  const transcript = new Transcript()
  transcript.choose(hash)
  const after = (message: string) => {
    transcript.add(fromHex(message))
    return transcript.digest()
  }
  const early = earlyStage(hash, given.psk === undefined ? undefined : fromHex(given.psk))
  const clientHello = after(given.helloClientRandom)
  const clientEarlyTrafficSecret = toHex(early.clientEarlyTrafficSecret(clientHello))
  const earlyExporterMasterSecret = toHex(early.earlyExporterSecret(clientHello))
  const handshake = early.handshake(given.dhe === undefined ? undefined : fromHex(given.dhe))
  const serverHello = after(given.helloServerRandom)
  const clientHandshakeTrafficSecret = toHex(handshake.clientTrafficSecret(serverHello))
  const serverHandshakeTrafficSecret = toHex(handshake.serverTrafficSecret(serverHello))
  const master = handshake.main()
  const serverFinished = after(given.finishedServerRandom)
  return {
    clientEarlyTrafficSecret,
    earlyExporterMasterSecret,
    clientHandshakeTrafficSecret,
    serverHandshakeTrafficSecret,
    clientApplicationTrafficSecret: toHex(master.clientTrafficSecret(serverFinished)),
    serverApplicationTrafficSecret: toHex(master.serverTrafficSecret(serverFinished)),
    exporterMasterSecret: toHex(master.exporterSecret(serverFinished)),
    resumptionMasterSecret: toHex(master.resumptionSecret(after(given.finishedClientRandom))),
  }
}

function runStep(provider: CryptoProvider, step: string): Uint8Array {
  const control = (name: string) => new RegExp(`^Ctrl\\.${name} = (?:hex)?${name}:(.*)$`, 'm').exec(step)?.[1]
  const bytes = (name: string) => fromHex(control(name) ?? '')
  const hash = hashOf(provider, hashNames[control('digest') ?? ''] ?? 'sha256')
  const zeros = new Uint8Array(hash.size)
  const label = Buffer.from(bytes('label')).toString('latin1')
  const key = control('key') === undefined ? zeros : bytes('key')
  if (control('mode') === 'EXPAND_ONLY') return hkdfExpandLabel(hash, key, label, bytes('data'), hash.size)
  if (control('salt') === undefined) return hkdfExtract(hash, zeros, key)
  return hkdfExtract(hash, deriveSecret(hash, bytes('salt'), label, hash.create().digest()), key)
}
