/** Trust stores with a cache and without are asked the same, in any order: whoever can tell them apart has found a bug. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TrustStore, VerifyRequest } from '../../../src/types.ts'
import { createTrustStore, ctLogs, type TrustStoreOptions } from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import * as make from '../build.ts'
import { type Built, caExtensions, intermediate, leaf, now, root } from '../build.ts'
import { newLog } from '../ct/mint.ts'
import { authority, crl, endEntity, entry, good, ocsp } from '../revocation/make.ts'
import { outcome } from './stores.ts'

const [crypto] = providers()
if (!crypto) throw new Error('there is no provider')

const anchor = root()
const issuer = authority({ subject: 'Issuing root' })
const stray = root({ subject: 'Stray' })
const ca = intermediate(anchor)
const short = intermediate(anchor, { keys: ca.keys, notAfter: make.utc('260605000000Z') })
const crossed = intermediate(stray, { keys: ca.keys })
const narrow = intermediate(anchor, { subject: 'Narrow', extensions: caExtensions([make.extendedKeyUsage('serverAuth')], 0) })
const both = [
  make.keyUsage('digitalSignature'),
  make.extendedKeyUsage('serverAuth', 'clientAuth'),
  make.subjectAltName(make.dns('example.com'), make.dns('*.example.org'), make.ip(192, 0, 2, 1)),
]
const serial7 = endEntity(issuer, 7)
const certificates: readonly Built[] = [
  leaf(ca),
  leaf(ca, { extensions: both }),
  leaf(narrow, { extensions: both, notAfter: make.utc('260603000000Z') }),
  leaf(stray),
  serial7,
  ca,
  short,
  crossed,
  narrow,
  anchor,
  stray,
]

const day = 86_400_000
const lists = [crl(issuer), crl(issuer, { entries: [entry(7)] }), crl({ ...issuer, keys: make.newKeys() }), Uint8Array.of(1)]
const responses = [ocsp(issuer, { answers: [{ issuer, serial: 7, status: good }] }), Uint8Array.of(1)]

const certificate = fc.constantFrom(...certificates.map(({ der }) => der))
/** Most are as they were made, so that much is believed. */
const bent = fc
  .record({ der: certificate, bit: fc.nat(), damaged: fc.integer({ min: 0, max: 9 }) })
  .map(({ der, bit, damaged }) =>
    damaged > 0 ? der : der.map((octet, i) => (i === (bit >> 3) % der.length ? octet ^ (1 << (bit & 7)) : octet)),
  )
const likely = fc.constantFrom(
  ...[[0, 5], [1, 5], [1, 6, 5], [1, 7], [2, 8], [3], [4], [4], [4], [0, 6]].map(chain => chain.map(i => (certificates[i] as Built).der)),
)
const chain = fc.oneof(
  { weight: 3, arbitrary: likely },
  fc.tuple(likely, fc.array(bent, { maxLength: 2 })).map(([some, more]) => [...some, ...more]),
  fc.tuple(likely, fc.array(bent, { maxLength: 2 })).map(([[first], more]) => [first as Uint8Array, ...more]),
  fc.array(bent, { maxLength: 4 }),
)
const time = fc.oneof(
  { weight: 3, arbitrary: fc.constant(now) },
  fc.integer({ min: now - 200 * day, max: now + 250 * day }),
  fc.constantFrom(now + 4 * day, Number.NaN),
)
const request: fc.Arbitrary<VerifyRequest> = fc
  .record({
    name: fc.constantFrom('example.com', 'EXAMPLE.com.', 'example.com', 'www.example.org', '192.0.2.1', 'example.net', undefined, '*'),
    now: time,
    purpose: fc.constantFrom('server', 'server', 'client'),
    evidence: fc.record({
      ocsp: fc.constantFrom(undefined, ...responses),
      crls: fc.option(fc.array(fc.constantFrom(...lists), { maxLength: 2 }), { nil: undefined }),
    }),
  })
  .map(({ evidence: { ocsp, crls }, ...rest }) => ({ ...rest, ...(ocsp && { ocsp }), ...(crls && { crls }) }))

test.each<readonly [string, Partial<TrustStoreOptions>]>([
  ['plain', {}],
  ['small', { cache: { certificates: 2, signatures: 3, verdicts: 2 } }],
  ['frugal', { limits: { signatures: 2, candidates: 6 } }],
  ['trusting', { firstUse: ({ name }) => name === 'example.com' }],
  ['filled', { intermediates: [ca.der, short.der] }],
  ['softly revoking', { revocation: { mode: 'soft' } }],
  ['hard', { revocation: { mode: 'hard', scope: 'leaf', crls: [lists[0] as Uint8Array] } }],
  ['reporting', { transparency: { logs: ctLogs([newLog('One').source], crypto), policy: 'report' } }],
])('a store that is %s can’t be told from one without a cache', (_, options) => {
  const make = (more: Partial<TrustStoreOptions>): TrustStore =>
    createTrustStore({ roots: [anchor.der, issuer.der], crypto, ...options, ...more })
  let believed = 0
  fc.assert(
    fc.property(fc.array(fc.tuple(chain, request), { minLength: 1, maxLength: 12 }), questions => {
      const [cached, bare] = [make({}), make({ cache: false })]
      for (const [ders, asked] of questions) {
        const own = ders.map(der => new Uint8Array(der))
        const answer = outcome(cached, store => store.verify(own, asked))
        // Nor by asking twice.
        expect(outcome(cached, store => store.verify(own, asked))).toEqual(answer)
        for (const each of own) each.fill(0xff)
        // What `outcome` holds was read before; the second store gets octets of its own.
        expect(answer).toEqual(
          outcome(bare, store =>
            store.verify(
              ders.map(der => new Uint8Array(der)),
              asked,
            ),
          ),
        )
        if (typeof answer === 'object' && answer !== null && 'path' in answer) believed++
      }
    }),
    { numRuns: 60 },
  )
  expect(believed).toBeGreaterThan(0)
})
