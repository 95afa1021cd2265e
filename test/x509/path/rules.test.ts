import { describe, expect, test } from 'vitest'
import type { FaultCode } from '../../../src/error.ts'
import { encode, encodeOid, tags } from '../../../src/wire/der.ts'
import { providers } from '../../providers.ts'
import * as make from '../build.ts'
import { type Built, caExtensions, intermediate, leaf, leafExtensions, now, root } from '../build.ts'
import { judge } from '../judge.ts'

describe.each(providers())('with the provider $name', crypto => {
  const anchor = root()
  const ca = intermediate(anchor)
  const { verify, fault } = judge(crypto, anchor)

  describe('one broken rule is enough, and it has its name', () => {
    const nameConstraints = make.extension('2.5.29.30', encode(tags.sequence, encode(0xa0, encode(tags.sequence, make.dns('example.net')))))
    const unknown = make.extension('1.2.3.4', encode(tags.null), true)
    const cases: readonly (readonly [rule: string, code: FaultCode, message: RegExp, chain: () => readonly Built[]])[] = [
      [
        'another’s name',
        'certificate-name-mismatch',
        /certificate 0 \(CN=leaf\) is not for example.com; it is for "other.example"/,
        () => [leaf(ca, { extensions: [make.subjectAltName(make.dns('other.example'))] }), ca],
      ],
      [
        'the name as common name alone',
        'certificate-name-mismatch',
        /no name at all/,
        () => [leaf(ca, { subject: 'example.com', extensions: [make.keyUsage('digitalSignature')] }), ca],
      ],
      [
        'a leaf not yet valid',
        'certificate-not-yet-valid',
        /certificate 0 \(CN=leaf\) is not valid before 2026-06-01T12:00:01.000Z/,
        () => [leaf(ca, { notBefore: make.utc('260601120001Z') }), ca],
      ],
      [
        'an expired leaf',
        'certificate-expired',
        /certificate 0 \(CN=leaf\) expired at 2026-06-01T11:59:59.000Z/,
        () => [leaf(ca, { notAfter: make.utc('260601115959Z') }), ca],
      ],
      [
        'a leaf of version 1',
        'certificate-malformed',
        /version 1/,
        () => [leaf(ca, { version: new Uint8Array(0), extensions: undefined }), ca],
      ],
      [
        'a leaf that may not sign',
        'certificate-key-usage',
        /certificate 0 \(CN=leaf\) is not for signatures/,
        () => [leaf(ca, { extensions: leafExtensions().with(0, make.keyUsage('cRLSign')) }), ca],
      ],
      [
        'a leaf for clients',
        'certificate-purpose',
        /certificate 0 \(CN=leaf\) is not for TLS servers/,
        () => [leaf(ca, { extensions: leafExtensions().with(1, make.extendedKeyUsage('clientAuth')) }), ca],
      ],
      [
        'a leaf for any purpose',
        'certificate-purpose',
        /certificate 0/,
        () => [leaf(ca, { extensions: leafExtensions().with(1, make.extendedKeyUsage('any')) }), ca],
      ],
      [
        'a leaf with an unknown critical extension',
        'certificate-critical-extension',
        /certificate 0 .* 1\.2\.3\.4/,
        () => [leaf(ca, { extensions: leafExtensions([unknown]) }), ca],
      ],
      [
        'a leaf with a key on another curve',
        'certificate-key',
        /certificate 0 .* 1\.2\.840\.10045\.2\.1/,
        () => [leaf(ca, { keys: make.newKeys('secp256k1') }), ca],
      ],
      [
        'a leaf signed by nobody known',
        'issuer-unknown',
        /certificate 0 \(CN=leaf\) was issued by CN=Intermediate, which is not a trusted root/,
        () => [leaf(ca)],
      ],
      [
        'an intermediate signed by nobody known',
        'issuer-unknown',
        /certificate 1 \(CN=Intermediate\) was issued by CN=Nobody/,
        () => {
          const stray = intermediate(root({ subject: 'Nobody' }))
          return [leaf(stray), stray]
        },
      ],
      [
        'a leaf signed by itself',
        'issuer-unknown',
        /certificate 0 \(CN=own\) is self-signed/,
        () => [make.build({ subject: 'own', extensions: leafExtensions() })],
      ],
      [
        'a root that is not ours',
        'issuer-unknown',
        /certificate 1 \(CN=Other\) is self-signed/,
        () => {
          const other = root({ subject: 'Other' })
          return [leaf(other), other]
        },
      ],
      [
        'a signature by another key of that name',
        'certificate-signature',
        /certificate 0 \(CN=leaf\) has a signature that is not that of root \(CN=Root\)/,
        () => [leaf(root())],
      ],
      [
        'an intermediate signed by another key',
        'certificate-signature',
        /certificate 1 \(CN=Intermediate\)/,
        () => {
          const forged = intermediate(root())
          return [leaf(forged), forged]
        },
      ],
      [
        'an expired intermediate',
        'certificate-expired',
        /certificate 1 \(CN=Intermediate\)/,
        () => {
          const old = intermediate(anchor, { notAfter: make.utc('260301000000Z') })
          return [leaf(old), old]
        },
      ],
      [
        'a leaf as issuer',
        'certificate-not-a-ca',
        /certificate 1 \(CN=leaf\) issued a certificate, but is no CA/,
        () => {
          const end = leaf(ca)
          return [leaf(end, { subject: 'below' }), end, ca]
        },
      ],
      [
        'an issuer whose cA is false',
        'certificate-not-a-ca',
        /certificate 1/,
        () => {
          const no = intermediate(anchor, { extensions: [make.basicConstraints(false)] })
          return [leaf(no), no]
        },
      ],
      [
        'an issuer of version 1',
        'certificate-not-a-ca',
        /certificate 1/,
        () => {
          const old = intermediate(anchor, { version: new Uint8Array(0), extensions: undefined })
          return [leaf(old), old]
        },
      ],
      [
        'an issuer that may sign lists only',
        'certificate-key-usage',
        /certificate 1 \(CN=Intermediate\) may not sign certificates/,
        () => {
          const no = intermediate(anchor, { extensions: [make.basicConstraints(true), make.keyUsage('cRLSign')] })
          return [leaf(no), no]
        },
      ],
      [
        'an issuer for clients',
        'certificate-purpose',
        /certificate 1 \(CN=Intermediate\) is not for TLS servers/,
        () => {
          const no = intermediate(anchor, { extensions: caExtensions([make.extendedKeyUsage('clientAuth')]) })
          return [leaf(no), no]
        },
      ],
      [
        'an issuer with an unknown critical extension',
        'certificate-critical-extension',
        /certificate 1 .* 1\.2\.3\.4/,
        () => {
          const odd = intermediate(anchor, { extensions: caExtensions([unknown]) })
          return [leaf(odd), odd]
        },
      ],
      [
        'a name that an issuer does not permit, critical or not',
        'certificate-name-constraint',
        /certificate 0 .* "example.com".* by certificate 1 .* \(nameConstraints\)/,
        () => {
          const bound = intermediate(anchor, { extensions: caExtensions([nameConstraints]) })
          return [leaf(bound), bound]
        },
      ],
      [
        'a path longer than an intermediate allows',
        'certificate-path-length',
        /certificate 2 \(CN=Upper\) allows 0 intermediates below it, here are 1/,
        () => {
          const upper = intermediate(anchor, { subject: 'Upper', extensions: caExtensions([], 0) })
          const lower = intermediate(upper)
          return [leaf(lower), lower, upper]
        },
      ],
      [
        'a signature with SHA-1',
        'certificate-algorithm',
        /certificate 0 \(CN=leaf\) is signed with 1\.2\.840\.10045\.4\.1/,
        () => [leaf(ca, { digest: 'sha1', algorithm: encode(tags.sequence, encodeOid('1.2.840.10045.4.1')) }), ca],
      ],
      [
        'an ECDSA signature with NULL parameters',
        'certificate-signature',
        /certificate 0/,
        () => [leaf(ca, { algorithm: encode(tags.sequence, encodeOid('1.2.840.10045.4.3.2'), encode(tags.null)) }), ca],
      ],
      [
        'RSA’s algorithm over an elliptic key',
        'certificate-algorithm',
        /certificate 0/,
        () => [leaf(ca, { algorithm: encode(tags.sequence, encodeOid('1.2.840.113549.1.1.11')) }), ca],
      ],
    ]
    test.each(cases)('%s', (_, code, message, chain) => {
      const error = fault(chain())
      expect(error.message).toMatch(message)
      expect(error.code).toBe(code)
    })

    test('the root is held to the rules too', () => {
      const faultWith = (order: make.Order) => {
        const other = root(order)
        return fault([leaf(other)], {}, { roots: [other.der] })
      }
      expect(faultWith({ notAfter: make.utc('260301000000Z') }).message).toMatch(/root \(CN=Root\) expired/)
      expect(faultWith({ extensions: undefined }).code).toBe('certificate-not-a-ca')
      expect(faultWith({ extensions: [make.basicConstraints(true), make.keyUsage('cRLSign')] }).code).toBe('certificate-key-usage')
      expect(faultWith({ extensions: caExtensions([make.extendedKeyUsage('clientAuth')]) }).code).toBe('certificate-purpose')
      expect(faultWith({ extensions: caExtensions([nameConstraints]) }).code).toBe('certificate-name-constraint')
    })

    test('the rules of the leaf hold for a leaf that is a root', () => {
      const own = make.build({ subject: 'own', extensions: leafExtensions() })
      const options = { roots: [own.der] }
      expect(fault([own], { name: 'other.example' }, options).code).toBe('certificate-name-mismatch')
      expect(fault([own], { now: Date.parse('2030-01-01') }, options).code).toBe('certificate-expired')
      expect(fault([own], { purpose: 'client' }, options).code).toBe('certificate-purpose')
      const twin = make.build({ subject: 'own', extensions: leafExtensions() })
      expect(fault([twin], {}, options).code).toBe('certificate-not-a-ca')
    })

    test('an error stays short, whatever the peer calls itself', () => {
      const long = 'x'.repeat(5000)
      const names = Array.from({ length: 50 }, (_, i) => make.dns(`${long}${i}`))
      expect(fault([leaf(anchor, { subject: long, extensions: [make.subjectAltName(...names)] })]).message.length).toBeLessThan(2000)
      expect(fault([leaf(root({ subject: long }))]).message.length).toBeLessThan(500)
    })

    test('a malformed certificate is named where it is missed', () => {
      const [end, broken] = [leaf(ca), { ...ca, der: ca.der.subarray(1) }]
      expect(fault([broken]).message).toMatch(/^certificate 0 is malformed: .*, at offset 3$/)
      expect(fault([end, broken])).toMatchObject({ code: 'certificate-malformed', alert: 'bad_certificate', depth: 1 })
      expect(fault([end, broken]).message).toMatch(/^certificate 1 is malformed/)
      expect(verify([end, ca, broken]).verified).toBe(true)
    })
  })

  describe('boundaries', () => {
    test('both ends of the validity belong to it, the last second as a whole', () => {
      const end = leaf(ca, { notBefore: make.utc('260601120000Z'), notAfter: make.utc('260601120000Z') })
      expect(verify([end, ca], { now }).verified).toBe(true)
      expect(verify([end, ca], { now: now + 999 }).verified).toBe(true)
      expect(fault([end, ca], { now: now - 1 }).code).toBe('certificate-not-yet-valid')
      expect(fault([end, ca], { now: now + 1000 }).code).toBe('certificate-expired')
    })

    test('path lengths count intermediates below, and no self-issued ones', () => {
      const upper = intermediate(anchor, { subject: 'Upper', extensions: caExtensions([], 1) })
      const renewed = intermediate(upper, { subject: 'Upper', extensions: caExtensions([], 1) })
      const lower = intermediate(renewed, { subject: 'Lower', extensions: caExtensions([], 0) })
      expect(verify([leaf(lower), lower, renewed, upper]).verified).toBe(true)
      const lowest = intermediate(lower, { subject: 'Lowest' })
      expect(fault([leaf(lowest), lowest, lower, renewed, upper]).code).toBe('certificate-path-length')
    })

    test('a path has 8 intermediates, unless the limit is set otherwise', () => {
      const ladder = [anchor]
      for (let i = 1; i <= 9; i++) ladder.push(intermediate(ladder[i - 1] as Built, { subject: `Rung ${i}` }))
      const chain = (rungs: number) => [leaf(ladder[rungs] as Built), ...ladder.slice(1, rungs + 1)]
      expect(verify(chain(8)).verified).toBe(true)
      expect(fault(chain(9))).toMatchObject({ code: 'certificate-path-length' })
      expect(verify(chain(9), {}, { limits: { intermediates: 9 } }).verified).toBe(true)
      expect(fault(chain(1), {}, { limits: { intermediates: 0 } }).code).toBe('certificate-path-length')
    })

    test('ECDSA takes any of the hashes, whatever the curve', () => {
      for (const [digest, arc] of [
        ['sha256', 2],
        ['sha384', 3],
        ['sha512', 4],
      ] as const) {
        const algorithm = encode(tags.sequence, encodeOid(`1.2.840.10045.4.3.${arc}`))
        expect(verify([leaf(ca, { digest, algorithm }), ca]).verified).toBe(true)
        const other = arc === 2 ? 'sha384' : 'sha256'
        expect(fault([leaf(ca, { digest: other, algorithm }), ca]).code).toBe('certificate-signature')
      }
    })

    test('anyExtendedKeyUsage is enough for an issuer', () => {
      const any = intermediate(anchor, { extensions: caExtensions([make.extendedKeyUsage('any')]) })
      expect(verify([leaf(any), any]).verified).toBe(true)
    })

    test('years beyond 2049 are understood', () => {
      const end = leaf(ca, { notAfter: make.generalized('20600101000000Z') })
      expect(verify([end, ca]).verified).toBe(true)
    })
  })
})
