/** Identities as values: parsed, shown, and handed to connections. */
import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, expectTypeOf, it, test } from 'vitest'
import type { PrivateKey } from '../../../src/crypto/provider.ts'
import { createClient, createServer } from '../../../src/engine.ts'
import type { Identity } from '../../../src/types.ts'
import { encodePem } from '../../../src/x509/index.ts'
import { PrivateIdentity, PublicIdentity } from '../../../src/x509/keys/identity.ts'
import { loadIdentity } from '../../../src/x509/keys/keys.ts'
import { credentials } from '../../credentials.ts'
import { Pair } from '../../pair.ts'
import { providers } from '../../providers.ts'
import * as make from '../build.ts'
import { bag, encryptedKey, mac, part, pfx } from './pfx.ts'

const anchor = make.root()
const ca = make.intermediate(anchor)
const leaf = make.leaf(ca)
const der = Uint8Array.from(leaf.keys.privateKey.export({ type: 'pkcs8', format: 'der' }))
const spki = make.spkiOf(leaf.keys)
const chain = [leaf.der, ca.der]
const pem = chain.map(each => encodePem('CERTIFICATE', each)).join('')
const passphrase = 'open sesame'
const encrypted = encryptedKey(der, { password: passphrase })

describe.each(providers())('on $name', crypto => {
  test.each<readonly [string, string | Uint8Array, string | readonly Uint8Array[]]>([
    ['PEM', encodePem('PRIVATE KEY', der), pem],
    ['DER', der, chain],
    ['SEC1', leaf.keys.privateKey.export({ type: 'sec1', format: 'pem' }) as string, pem],
    ['encrypted PEM', encodePem('ENCRYPTED PRIVATE KEY', encrypted), pem],
    ['encrypted DER', encrypted, chain],
  ])('a private identity is parsed from %s', (_, key, certificates) => {
    const identity = PrivateIdentity.parse(key, certificates, { crypto, passphrase })
    expect(identity.chain).toEqual(chain)
    expect(identity.key.spki).toEqual(spki)
    expect(identity.publicIdentity().exportX509Chain()).toEqual(chain)
    expect(identity.publicIdentity().certificates.map(({ publicKey }) => publicKey.raw)[0]).toEqual(spki)
  })

  it('a private identity is parsed from PKCS#12', () => {
    const parts = [part.plain(bag.certificate(ca.der), bag.shrouded(der, { password: passphrase }), bag.certificate(leaf.der))]
    const identity = PrivateIdentity.parsePkcs12(pfx(parts, mac({ password: passphrase })), { crypto, passphrase })
    expect([identity.chain, identity.key.spki]).toEqual([chain, spki])
  })

  it('serves and connects as it is', async () => {
    const minted = await credentials('P-256')
    const { chain } = minted.identity(crypto)
    const identity = PrivateIdentity.parse(minted.pkcs8, chain, { crypto })
    const now = () => minted.now
    const trust = minted.trust(crypto)
    const pair = new Pair(
      createClient({ crypto, serverName: 'localhost', trust, now, identity }),
      createServer({ crypto, identity, trust, clientAuth: 'require', now }),
    ).run()
    expect([pair.client.connected, pair.server.connected]).toEqual([true, true])
    expect(pair.server.connection.info?.peer?.chain).toEqual(chain)
    // Also as a copy with something added, which is how staples come to it.
    expect({ ...identity, ocsp: Uint8Array.of(0x30) }).toMatchObject({ chain, key: identity.key })
  })

  it('shows its key to nobody', () => {
    const identity = PrivateIdentity.parse(der, chain, { crypto })
    const { d } = leaf.keys.privateKey.export({ format: 'jwk' })
    const secret = Buffer.from(d ?? '', 'base64url')
    expect(secret).toHaveLength(32)
    for (const shown of reachable(identity)) expect(Buffer.from(shown).includes(secret)).toBe(false)
    const texts = [JSON.stringify(identity), inspect(identity, { depth: 9, showHidden: true, maxArrayLength: null })]
    for (const text of texts) {
      expect(text).not.toContain([...secret].join(','))
      expect(text).not.toContain([...secret.subarray(0, 6)].join(', '))
    }
  })

  it('is refused where key and certificate do not fit', () => {
    expect(() => PrivateIdentity.parse(der, [ca.der], { crypto })).toThrow(/does not belong to certificate 0 \(CN=Intermediate\)$/)
    expect(() => PrivateIdentity.parse(der, [ca.der, leaf.der], { crypto })).toThrow(
      /it belongs to certificate 1, which must then come first/,
    )
    expect(() => PrivateIdentity.parse(der, [], { crypto })).toThrow(/at least one certificate/)
    expect(() => PrivateIdentity.parse(der, [leaf.der, Uint8Array.of(1)], { crypto })).toThrow(/certificate 1 is malformed/)
    expect(() => PrivateIdentity.parse(encrypted, chain, { crypto })).toThrow(/it needs its passphrase/)
    expect(() => PrivateIdentity.parse(encrypted, chain, { crypto, passphrase: 'other' })).toThrow(/its passphrase is wrong/)
  })

  describe('a key that is elsewhere', () => {
    const known: PrivateKey = { schemes: [0x0403], spki }
    const unknown: PrivateKey = { schemes: [0x0403] }

    it('is taken as it is', () => {
      expect(PrivateIdentity.parse(known, pem, { crypto }).key).toBe(known)
      expect(PrivateIdentity.parse(unknown, [ca.der], { crypto }).key).toBe(unknown)
      expect(loadIdentity({ key: known, cert: pem, crypto })).toEqual({ chain, key: known })
    })

    it('has to fit, where its public key is known', () => {
      expect(() => PrivateIdentity.parse(known, [ca.der], { crypto })).toThrow(/does not belong to certificate 0/)
      expect(() => loadIdentity({ key: known, cert: [ca.der], crypto })).toThrow(/does not belong to certificate 0/)
    })

    it.each([undefined, null, 7, {}, { schemes: 'all' }])('is not %j', key => {
      expect(() => PrivateIdentity.parse(key as never, pem, { crypto })).toThrow(/neither PEM, DER, nor an object with the schemes/)
      expect(() => PrivateIdentity.parse(key as never, pem, { crypto })).toThrow(TypeError)
    })
  })
})

it('a public identity is a copy, and gives copies', () => {
  const given = chain.map(each => each.slice())
  const identity = new PublicIdentity(given)
  for (const each of given) each.fill(0)
  for (const each of identity.exportX509Chain()) each.fill(0)
  expect(identity.exportX509Chain()).toEqual(chain)
  expect(identity.certificates.map(({ raw }) => raw)).toEqual(chain)
  expect(() => new PublicIdentity([])).toThrow(/at least one certificate/)
  expect(() => new PublicIdentity([Uint8Array.of(1)])).toThrow(/certificate 0 is malformed/)
})

it('a private identity is an identity', () => {
  expectTypeOf<PrivateIdentity>().toExtend<Identity>()
})

it('a trust store brings no reader of keys along', () => {
  const files = new Set<string>()
  const visit = (file: string) => {
    if (files.has(file)) return
    files.add(file)
    for (const [, type, target = ''] of readFileSync(file, 'utf8').matchAll(/^(?:import|export)\s+(type\s)?[^'";]*?from '(\.[^']+)'/gm)) {
      if (type === undefined) visit(normalize(join(dirname(file), target)))
    }
  }
  const folder = join(import.meta.dirname, '../../../src/x509')
  visit(join(folder, 'trust.ts'))
  expect([...files]).toContain(join(folder, 'own.ts'))
  expect([...files].filter(file => file.startsWith(join(folder, 'keys')))).toEqual([])
})

/** Every byte string that properties lead to. */
function reachable(value: unknown, seen = new Set<unknown>()): Uint8Array[] {
  if (value instanceof Uint8Array) return [value, new Uint8Array(value.buffer)]
  if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) return []
  seen.add(value)
  return Reflect.ownKeys(value).flatMap(key => reachable(Reflect.get(value, key), seen))
}
