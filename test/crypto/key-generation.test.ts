/** A loop of key generations, each with its public key, once stopped the process for good: see `src/crypto/node/groups.ts`. */
import { expect, it } from 'vitest'
import { createNodeProvider } from '../../src/crypto/node.ts'

it('makes 100,000 key pairs of X25519, all different, and comes to an end', { timeout: 300_000 }, () => {
  const group = createNodeProvider().groups.find(({ name }) => name === 'x25519')
  const seen = new Set<string>()
  for (let i = 0; i < 100_000; i++) seen.add(Buffer.from(group?.generate().share ?? []).toString('latin1'))
  expect(seen.size).toBe(100_000)
})
