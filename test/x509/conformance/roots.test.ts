/** The roots of Mozilla's list, and chains of the public web below them. */
import { describe, expect, test } from 'vitest'
import { mozillaRoots } from '../../../src/roots.ts'
import { isSelfIssued } from '../../../src/x509/certificate/certificate.ts'
import { decodePem, describeSubject, parseCertificate, verifyChain } from '../../../src/x509/index.ts'
import { verifierOf, verifiersOf } from '../../../src/x509/path/signed.ts'
import { providers } from '../../providers.ts'
import { absent, readText, tellIfAbsent } from './data.ts'
import { sha1Verifiers } from './legacy-signatures.ts'

tellIfAbsent('Mozilla’s roots')

interface OnlineCase {
  readonly id: string
  readonly peer_certificate: string
  readonly untrusted_intermediates: readonly string[]
  readonly validation_time: string | null
  readonly expected_peer_name: { readonly value: string }
}

describe.skipIf(absent).each(providers())('on the provider $name', crypto => {
  const pem = absent ? '' : readText('roots', 'mozilla-roots.pem')

  test('every root is read and has signed itself', () => {
    // Old roots signed themselves with SHA-1, which nobody has to believe: they are believed as they are.
    const verifiers = verifiersOf(crypto, false, sha1Verifiers)
    const roots = decodePem(pem).map(({ bytes }) => parseCertificate(bytes))
    expect(roots).toHaveLength(120)
    for (const root of roots) {
      const { signatureAlgorithm: algorithm, signed: message, signature, publicKey } = root
      const verify = verifierOf(verifiers, { algorithm, message, signature }, publicKey)
      expect([isSelfIssued(root), verify?.()], describeSubject(root)).toEqual([true, true])
      expect(verifierOf(verifiers, { algorithm, message: message.subarray(1), signature }, publicKey)?.()).toBe(false)
    }
  })

  const cases: readonly OnlineCase[] = absent
    ? []
    : (JSON.parse(readText('x509-limbo', 'limbo-core.json')) as { testcases: OnlineCase[] }).testcases.filter(({ id }) =>
        id.startsWith('online::'),
      )
  const roots = { certificates: [pem], 'tassel/roots': mozillaRoots() }
  test.each(cases)('the chain of $id leads to one of them, and to no other name', one => {
    const chain = [one.peer_certificate, ...one.untrusted_intermediates].flatMap(text => decodePem(text).map(({ bytes }) => bytes))
    const now = Date.parse(one.validation_time ?? '')
    for (const anchors of Object.values(roots)) {
      for (const profile of ['rfc5280', 'web'] as const) {
        const options = { crypto, anchors, profile, now, purpose: 'server' }
        const { path } = verifyChain(chain, { ...options, name: one.expected_peer_name.value })
        expect(path[0]?.raw).toEqual(chain[0])
        expect(() => verifyChain(chain, { ...options, name: `x.${one.expected_peer_name.value}.invalid` })).toThrow(/is not for/)
      }
    }
  })

  test('there are such chains', () => expect(cases).toHaveLength(14))
})
