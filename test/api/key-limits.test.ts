/** A key protects only so many records (RFC 9846 §5.5): it is renewed in good time, without the application's doing. */
import { beforeAll, describe, expect, it } from 'vitest'
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { type Credentials, credentials } from '../credentials.ts'
import { recordProviders } from '../providers.ts'
import { pairOf, pattern } from './setup.ts'

let minted: Credentials
beforeAll(async () => {
  minted = await credentials('P-256')
})

/** The provider, with keys that are used up after `records`. */
function shortLived(provider: CryptoProvider, records: number): CryptoProvider {
  return { ...provider, cipherSuites: provider.cipherSuites.map(suite => ({ ...suite, aead: { ...suite.aead, sealLimit: records } })) }
}

describe.each(recordProviders())('on the provider $name', provider => {
  it.each([
    ['large', 16_384 * 100, 16_384 * 100],
    ['small', 500, 1],
  ])('keys are renewed while %s records are sent, in both directions', (_, size, step) => {
    const limits = { keyUpdates: 1000 }
    const crypto = shortLived(provider, 20)
    const pair = pairOf(crypto, minted, { client: { limits }, server: { limits } }).run()
    for (let sent = 0; sent < size; sent += step) {
      pair.send(pair.client, pattern(size).subarray(sent, sent + step))
      pair.send(pair.server, pattern(size).subarray(sent, sent + step))
    }
    expect(pair.client.error ?? pair.server.error).toBeUndefined()
    expect(Buffer.compare(pair.server.data, pattern(size))).toBe(0)
    expect(Buffer.compare(pair.client.data, pattern(size))).toBe(0)
    for (const side of [pair.client, pair.server]) {
      const updates = side.events.flatMap(event => (event.type === 'keys-updated' ? [event.direction] : []))
      // Twelve of the twenty records are for data; the rest is kept for what has to follow.
      expect(updates.filter(direction => direction === 'out').length).toBeGreaterThan(5)
      expect(updates.filter(direction => direction === 'in').length).toBeGreaterThan(5)
    }
  })
})
