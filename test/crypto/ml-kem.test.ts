/** ML-KEM-768 and -1024, which both providers share, against Wycheproof and NIST's ACVP. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { type MlKem, mlKem768, mlKem1024 } from '../../src/crypto/ml-kem.ts'
import { KeyExchangeError } from '../../src/crypto/provider.ts'
import { sharedVectors } from '../vectors.ts'
import { type Fields, hex, report, runVectors, type VectorFile } from './kit/wycheproof.ts'

const folder = sharedVectors()

describe.each([
  { name: 'ML-KEM-768', kem: mlKem768 },
  { name: 'ML-KEM-1024', kem: mlKem1024 },
])('$name', ({ name, kem }) => {
  if (folder === undefined) {
    test.skip('the vectors are absent: set TASSEL_VECTORS', () => {})
  } else {
    it.each(vectorFiles(name, kem))('agrees with $file', { timeout: 60_000 }, vectors => {
      const tally = runVectors(vectors)
      report(name, vectors.file, tally)
      expect(tally.accepted).toBeGreaterThan(0)
    })

    it.each(['ML-KEM', 'ML-KEM-seed', 'ML-KEM-encap-key-check'])('agrees with ACVP’s %s', file => {
      const cases = acvpCases(join(folder, 'acvp'), file, name)
      const run = cases.filter(({ fields, expected }) => {
        const verdict = acvpVerdict(kem, fields, expected)
        if (verdict !== undefined) expect(verdict, `${file} case ${fields.tcId}`).toBe(expected.testPassed ?? true)
        return verdict !== undefined
      })
      console.info(`${name}: acvp ${file}: ${run.length} of ${cases.length} run and as wanted, the rest by expanded private keys`)
      expect(run.length).toBeGreaterThan(0)
    })
  }

  it('refuses ciphertexts and encapsulation keys of another length', () => {
    const pair = kem.pairOf(new Uint8Array(64))
    for (const wrong of [0, kem.ciphertextSize - 1, kem.ciphertextSize + 1]) {
      expect(() => pair.decapsulate(new Uint8Array(wrong))).toThrow(KeyExchangeError)
    }
    expect(() => kem.encapsulate(pair.encapsulationKey.subarray(1), new Uint8Array(32))).toThrow(KeyExchangeError)
  })
})

function vectorFiles(name: string, kem: MlKem): readonly VectorFile[] {
  const file = name.toLowerCase().replace('ml-kem-', 'mlkem_')
  return [
    { file, run: (_group, fields) => refusing(() => decapsulates(kem, fields)) },
    { file: `${file}_encaps`, run: (_group, fields) => refusing(() => encapsulates(kem, fields)) },
    { file: `${file}_keygen_seed`, run: (_group, fields) => isKeyOf(kem, hex(fields, 'seed'), hex(fields, 'ek')) },
  ]
}

function decapsulates(kem: MlKem, fields: Fields): boolean {
  const seed = hex(fields, 'seed')
  if (seed.length !== kem.seedSize) return false
  const pair = kem.pairOf(seed)
  return same(pair.encapsulationKey, hex(fields, 'ek')) && same(pair.decapsulate(hex(fields, 'c')), hex(fields, 'K'))
}

function encapsulates(kem: MlKem, fields: Fields): boolean {
  const { ciphertext, secret } = kem.encapsulate(hex(fields, 'ek'), hex(fields, 'm'))
  return same(ciphertext, hex(fields, 'c')) && same(secret, hex(fields, 'K'))
}

function isKeyOf(kem: MlKem, seed: Uint8Array, encapsulationKey: Uint8Array): boolean {
  return same(kem.pairOf(seed).encapsulationKey, encapsulationKey)
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
function acvpVerdict(kem: MlKem, fields: Fields, expected: Fields): boolean | undefined {
  if ('m' in fields) return refusing(() => encapsulates(kem, { ...expected, K: expected.k, m: fields.m, ek: fields.ek }))
  if ('c' in fields && 'd' in fields) return same(kem.pairOf(seedOf(fields)).decapsulate(hex(fields, 'c')), hex(expected, 'k'))
  if ('d' in fields) return isKeyOf(kem, seedOf(fields), hex(expected, 'ek'))
  if ('ek' in fields) return refusing(() => kem.encapsulate(hex(fields, 'ek'), new Uint8Array(32)).secret.length === 32)
  return undefined
}

function seedOf(fields: Fields): Uint8Array {
  return new Uint8Array([...hex(fields, 'd'), ...hex(fields, 'z')])
}

/** The cases for a parameter set, each with its answer: the answers' groups follow those of the questions. */
function acvpCases(path: string, name: string, set: string): readonly { readonly fields: Fields; readonly expected: Fields }[] {
  const read = (kind: string) => (JSON.parse(readFileSync(join(path, `${name}.${kind}.json`), 'utf8')) as readonly Fields[]).slice(1)
  const answers = read('expected')
  return read('vectors').flatMap((vectors, i) =>
    (vectors.testGroups as readonly Fields[]).flatMap((group, j) => {
      if (group.parameterSet !== set) return []
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
