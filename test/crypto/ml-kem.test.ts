/** ML-KEM-768, which both providers share, against Wycheproof and NIST's ACVP. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, test } from 'vitest'
import { mlKem768 } from '../../src/crypto/ml-kem.ts'
import { KeyExchangeError } from '../../src/crypto/provider.ts'
import { sharedVectors } from '../vectors.ts'
import { type Fields, hex, report, runVectors, type VectorFile } from './kit/wycheproof.ts'

const folder = sharedVectors()

const files: readonly VectorFile[] = [
  { file: 'mlkem_768', run: (_group, fields) => refusing(() => decapsulates(fields)) },
  { file: 'mlkem_768_encaps', run: (_group, fields) => refusing(() => encapsulates(fields)) },
  { file: 'mlkem_768_keygen_seed', run: (_group, fields) => isKeyOf(hex(fields, 'seed'), hex(fields, 'ek')) },
]

if (folder === undefined) {
  test.skip('the vectors are absent: set TASSEL_VECTORS', () => {})
} else {
  it.each(files)('agrees with $file', { timeout: 60_000 }, vectors => {
    const tally = runVectors(vectors)
    report('ML-KEM', vectors.file, tally)
    expect(tally.accepted).toBeGreaterThan(0)
  })

  it.each(['ML-KEM', 'ML-KEM-seed', 'ML-KEM-encap-key-check'])('agrees with ACVP’s %s', name => {
    const cases = acvpCases(join(folder, 'acvp'), name)
    const run = cases.filter(({ fields, expected }) => {
      const verdict = acvpVerdict(fields, expected)
      if (verdict !== undefined) expect(verdict, `${name} case ${fields.tcId}`).toBe(expected.testPassed ?? true)
      return verdict !== undefined
    })
    console.info(`ML-KEM: acvp ${name}: ${run.length} of ${cases.length} run and as wanted, the rest by expanded private keys`)
    expect(run.length).toBeGreaterThan(0)
  })
}

it('refuses ciphertexts and encapsulation keys of another length', () => {
  const pair = mlKem768.pairOf(new Uint8Array(64))
  expect(() => pair.decapsulate(new Uint8Array(1087))).toThrow(KeyExchangeError)
  expect(() => mlKem768.encapsulate(pair.encapsulationKey.subarray(1), new Uint8Array(32))).toThrow(KeyExchangeError)
})

function decapsulates(fields: Fields): boolean {
  const seed = hex(fields, 'seed')
  if (seed.length !== mlKem768.seedSize) return false
  const pair = mlKem768.pairOf(seed)
  return same(pair.encapsulationKey, hex(fields, 'ek')) && same(pair.decapsulate(hex(fields, 'c')), hex(fields, 'K'))
}

function encapsulates(fields: Fields): boolean {
  const { ciphertext, secret } = mlKem768.encapsulate(hex(fields, 'ek'), hex(fields, 'm'))
  return same(ciphertext, hex(fields, 'c')) && same(secret, hex(fields, 'K'))
}

function isKeyOf(seed: Uint8Array, encapsulationKey: Uint8Array): boolean {
  return same(mlKem768.pairOf(seed).encapsulationKey, encapsulationKey)
}

function refusing(compute: () => boolean): boolean {
  try {
    return compute()
  } catch (error) {
    if (error instanceof KeyExchangeError) return false
    throw error
  }
}

/** `undefined` for what needs an expanded private key: a pair here is made of its seed. */
function acvpVerdict(fields: Fields, expected: Fields): boolean | undefined {
  if ('m' in fields) return refusing(() => encapsulates({ ...expected, K: expected.k, m: fields.m, ek: fields.ek }))
  if ('c' in fields && 'd' in fields) return same(mlKem768.pairOf(seedOf(fields)).decapsulate(hex(fields, 'c')), hex(expected, 'k'))
  if ('d' in fields) return isKeyOf(seedOf(fields), hex(expected, 'ek'))
  if ('ek' in fields) return refusing(() => mlKem768.encapsulate(hex(fields, 'ek'), new Uint8Array(32)).secret.length === 32)
  return undefined
}

function seedOf(fields: Fields): Uint8Array {
  return new Uint8Array([...hex(fields, 'd'), ...hex(fields, 'z')])
}

/** The cases for ML-KEM-768, each with its answer: the answers' groups follow those of the questions. */
function acvpCases(path: string, name: string): readonly { readonly fields: Fields; readonly expected: Fields }[] {
  const read = (kind: string) => (JSON.parse(readFileSync(join(path, `${name}.${kind}.json`), 'utf8')) as readonly Fields[]).slice(1)
  const answers = read('expected')
  return read('vectors').flatMap((set, i) =>
    (set.testGroups as readonly Fields[]).flatMap((group, j) => {
      if (group.parameterSet !== 'ML-KEM-768') return []
      const answerGroup = (answers[i]?.testGroups as readonly Fields[])[j]?.tests as readonly Fields[]
      return (group.tests as readonly Fields[]).map(fields => ({
        fields,
        expected: answerGroup.find(({ tcId }) => tcId === fields.tcId) ?? {},
      }))
    }),
  )
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
