/** ML-DSA, which both providers share, against Wycheproof. */
import { expect, it, test } from 'vitest'
import { createNodeProvider } from '../../src/crypto/node.ts'
import { sharedVectors } from '../vectors.ts'
import { mlDsaSets, spkiOf } from './kit/keys.ts'
import { hex, report, runVectors, type VectorFile } from './kit/wycheproof.ts'

const verifiers = createNodeProvider().optional?.verifiers ?? []

const files = mlDsaSets.map(({ name, scheme, algorithm }): VectorFile => {
  const verifier = verifiers.find(one => one.scheme === scheme)
  return {
    file: `${name.toLowerCase().replace('ml-dsa-', 'mldsa_')}_verify`,
    run(group, fields) {
      // TLS has no context but the empty one.
      if (typeof fields.ctx === 'string' && fields.ctx !== '') return undefined
      return verifier?.verify(spkiOf(algorithm, hex(group, 'publicKey')), hex(fields, 'msg'), hex(fields, 'sig'))
    },
  }
})

if (sharedVectors() === undefined) {
  test.skip('the vectors are absent: set TASSEL_VECTORS', () => {})
} else {
  it.each(files)('agrees with $file', { timeout: 120_000 }, vectors => {
    const tally = runVectors(vectors)
    report('ML-DSA', vectors.file, tally)
    expect(tally.accepted).toBeGreaterThan(0)
    expect(tally.refused).toBeGreaterThan(0)
  })
}
