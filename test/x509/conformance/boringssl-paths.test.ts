/** BoringSSL's cases of finding a path where there are several, and of real chains. */
import { describe, expect, test } from 'vitest'
import { DerReader } from '../../../src/wire/der.ts'
import {
  CertificateError,
  type ChainOptions,
  parseCertificate,
  type TrustAnchor,
  trustAnchor,
  type VerifiedChain,
  verifyChain,
} from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import { absent, block, blocks, filesIn, readBytes, tellIfAbsent } from './data.ts'
import { sha1Verifiers } from './legacy-signatures.ts'
import { outcome, verdictOf } from './verdict.ts'

const folder = 'boringssl-pki/path_builder_unittest'
const realFolder = 'boringssl-pki/verify_unittest'
const rolloverFolder = 'boringssl-pki/verify_certificate_chain_unittest/key-rollover'

tellIfAbsent('boringssl-pki')

describe.skipIf(absent).each(providers({ minimumRsaBits: 1024 }))('paths with the provider $name', crypto => {
  /** As BoringSSL's tests: an anchor is a name and a key, and a trusted certificate is no end entity. */
  const defaults = { crypto, now: Date.UTC(2017, 2, 1), purpose: 'any', minimumRsaBits: 1024, signatures: sha1Verifiers } as const
  const find = (chain: readonly Uint8Array[], anchors: readonly Uint8Array[], options: Partial<ChainOptions> = {}) =>
    verifyChain(chain, { ...defaults, anchors: anchors.map(plainAnchor), anchorAsEndEntity: 'refuse', ...options })
  const refusal = (...args: Parameters<typeof find>) => outcome(verdictOf(() => find(...args)))

  describe('through several roots', () => {
    const read = (name: string) => block('CERTIFICATE', folder, `multi-root-${name}.pem`)
    const [ab, bc, bf, cd, ce, dd, ee, fe] = ['A-by-B', 'B-by-C', 'B-by-F', 'C-by-D', 'C-by-E', 'D-by-D', 'E-by-E', 'F-by-E'].map(name =>
      absent ? new Uint8Array(0) : read(name),
    ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]

    test('end at an anchor that issued the end entity, though that is an anchor too', () => {
      expect(certificatesOf(find([ab], [ab, bf]))).toEqual([ab, bf])
    })

    test('do not exist for an end entity that is an anchor, where that is not enough', () => {
      expect(refusal([ab], [ab])).toBe('issuer-unknown')
    })

    test('may have the anchor among the certificates, and fail for the one that is not valid', () => {
      const options = { now: Date.UTC(2016, 0, 1) }
      const verdict = verdictOf(() => find([bc, dd, cd], [dd], options))
      expect(outcome(verdict)).toBe('certificate-not-yet-valid')
      expect(certificatesOf(find([bc, dd, cd], [dd]))).toEqual([bc, cd, dd])
    })

    test('go from a self-signed anchor to itself', () => {
      expect(certificatesOf(find([ee], [ee, fe], { anchorAsEndEntity: 'self-signed' }))).toEqual([ee, ee])
    })

    test('need no intermediates where the anchor issued the end entity', () => {
      expect(certificatesOf(find([ab], [bf]))).toEqual([ab, bf])
    })

    test('are not longer than they must be', () => {
      expect(certificatesOf(find([ab, bc, cd], [dd, cd]))).toEqual([ab, bc, cd])
    })

    test('are found after those that lead nowhere, in whatever order the certificates come', () => {
      for (const others of [
        [bf, fe, bc, cd],
        [bc, bf, fe, cd, ce],
        [ce, cd, fe, bf, bc],
      ]) {
        expect(certificatesOf(find([ab, ...others], [dd]))).toEqual([ab, bc, cd, dd])
      }
    })

    test('do not exist without an anchor', () => {
      expect(refusal([ab, bf, fe, bc, cd], [])).toBe('issuer-unknown')
    })

    test('are found up to the number of intermediates that is allowed', () => {
      expect(refusal([ab, bc, cd], [dd], { limits: { intermediates: 1 } })).toBe('certificate-path-length')
      expect(certificatesOf(find([ab, bc, cd], [dd], { limits: { intermediates: 2 } }))).toEqual([ab, bc, cd, dd])
      expect(certificatesOf(find([ab, bc, bf, fe], [ee, cd], { limits: { intermediates: 1 } }))).toEqual([ab, bc, cd])
    })
  })

  describe('through a change of keys', () => {
    const [target, oldIntermediate, oldRoot] = chainIn('oldchain.pem')
    const [, newIntermediate, newRoot, rollover] = chainIn('longrolloverchain.pem')
    const options = { now: Date.UTC(2015, 2, 2, 12) }

    test('go over the certificate of the new key by the old one, where only the old root is an anchor', () => {
      expect(certificatesOf(find([target, newIntermediate, rollover], [oldRoot], options))).toEqual([
        target,
        newIntermediate,
        rollover,
        oldRoot,
      ])
      expect(certificatesOf(find([target, newIntermediate, newRoot, rollover], [oldRoot], options))).toEqual([
        target,
        newIntermediate,
        rollover,
        oldRoot,
      ])
    })

    test('go over the new intermediate, where both roots are anchors', () => {
      const found = find([target, oldIntermediate, newIntermediate, rollover], [oldRoot, newRoot], options)
      expect(certificatesOf(found)).toEqual([target, newIntermediate, newRoot])
    })

    test('end at the root that has the key, where two have the name', () => {
      expect(certificatesOf(find([target, oldIntermediate], [newRoot, oldRoot], options))).toEqual([target, oldIntermediate, oldRoot])
    })

    test('do not exist where no issuer is known, or none has the key', () => {
      expect(refusal([target], [newRoot], options)).toBe('issuer-unknown')
      expect(refusal([target, newIntermediate, newRoot, rollover], [], options)).toBe('issuer-unknown')
      expect(refusal([newIntermediate], [newIntermediate], options)).toBe('issuer-unknown')
      expect(refusal([target, oldIntermediate, newRoot], [newRoot], options)).toBe('certificate-signature')
    })

    test('do not come back to a name and a key that they have been at', () => {
      expect(refusal([newRoot, rollover], [oldRoot], options)).toBe('certificate-signature')
    })

    test('end at an anchor with the name and the key of the end entity', () => {
      expect(certificatesOf(find([newRoot], [rollover], { ...options, anchorAsEndEntity: 'accept' }))).toEqual([newRoot, rollover])
    })

    test('are tried once, however often a certificate comes', () => {
      const found = find([target, oldIntermediate, oldIntermediate, newIntermediate], [newRoot], options)
      expect(certificatesOf(found)).toEqual([target, newIntermediate, newRoot])
    })
  })

  describe('begin with the best issuer', () => {
    const read = (name: string) => (absent ? new Uint8Array(0) : block('CERTIFICATE', folder, `${name}.pem`))

    /** The candidates in the order in which they are used; the ones with which no path is valid are missing. */
    function order(group: string, names: readonly string[], roots: readonly string[] = ['root']): string[] {
      const found: string[] = []
      for (const left = new Map(names.map(name => [hex(read(`${group}/${name}`)), name])); left.size > 0; ) {
        const candidates = [...left.keys()].map(key => new Uint8Array(Buffer.from(key, 'hex')))
        const anchors = roots.map(root => read(`${group}/${root}`))
        const verdict = verdictOf(() => find([read(`${group}/target`), ...candidates], anchors))
        if (!verdict.accepted) break
        const key = hex(verdict.chain.path[1]?.raw ?? new Uint8Array(0))
        found.push(left.get(key) ?? '')
        left.delete(key)
      }
      return found
    }

    test.each([false, true])('by dates: the one issued last, then the one that lasts longest (in reverse order: %s)', reversed => {
      const names = ['int_ac', 'int_ad', 'int_bc', 'int_bd']
      expect(order('validity_date_prioritization', reversed ? names.reverse() : names)).toEqual(['int_bd', 'int_bc', 'int_ad', 'int_ac'])
    })

    test.each([false, true])('by key identifiers before dates (in reverse order: %s)', reversed => {
      const names = ['matching', 'no', 'different'].flatMap(kind => ['a', 'b'].map(date => `int_${kind}_ski_${date}`))
      // Those with another identifier have another key.
      expect(order('key_id_prioritization', reversed ? names.reverse() : names)).toEqual([
        'int_matching_ski_b',
        'int_matching_ski_a',
        'int_no_ski_b',
        'int_no_ski_a',
      ])
    })

    test('by trust before key identifiers', () => {
      const group = 'key_id_prioritization'
      const anchors = ['int_no_ski_a', 'int_matching_ski_a', 'int_different_ski_a'].map(name => read(`${group}/${name}`))
      const others = ['int_matching_ski_b', 'int_no_ski_b', 'int_different_ski_b'].map(name => read(`${group}/${name}`))
      const chain = [read(`${group}/target`), ...others]
      expect(certificatesOf(find(chain, [...anchors, read(`${group}/root`)]))).toEqual([chain[0], anchors[1]])
      expect(certificatesOf(find(chain, [...anchors.toSpliced(1, 1), read(`${group}/root`)]))).toEqual([chain[0], anchors[0]])
    })

    // BoringSSL does not look at issuer and serial number, and would begin with those issued last.
    test.each([false, true])('by issuer and serial number, where the end entity names them (in reverse order: %s)', reversed => {
      const names = ['int_matching', 'int_match_name_only', 'int_mismatch']
      expect(order('key_id_name_and_serial_prioritization', reversed ? names.reverse() : names, ['root', 'root2'])).toEqual([
        'int_matching',
        'int_mismatch',
        'int_match_name_only',
      ])
    })

    test('and end at a root, self-signed or by another, that is an anchor', () => {
      const [target, root, cross] = ['target', 'root1', 'root1_cross'].map(name => read(`self_issued_prioritization/${name}`))
      if (!target || !root || !cross) throw new Error('a file is missing')
      expect(certificatesOf(find([target], [root]))).toEqual([target, root])
      expect(certificatesOf(find([target], [cross]))).toEqual([target, cross])
      expect(certificatesOf(find([target], [root, cross]))).toHaveLength(2)
    })
  })

  describe('of the real world', () => {
    const real = (name: string) => (absent ? new Uint8Array(0) : readBytes(realFolder, `${name}.der`))
    const everyRoot = absent ? [] : [...valuesIn(real('mozilla_roots'))]
    const roots = everyRoot.filter(isReadable)
    const google = ['google-leaf', 'google-intermediate1', 'google-intermediate2'].map(real)
    const googleTime = { now: 1_499_727_444_000 }
    const [leaf, r3, crossSigned, x1, dst] = ['leaf', 'intermediate-r3', 'root-x1-cross-signed', 'root-x1', 'root-dst-x3'].map(name =>
      real(`lencr-${name}`),
    ) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]
    const lencrTime = { now: 1_699_404_611_000 }

    test('may end at all roots of Mozilla’s list of 2017 but for the one whose serial number is negative', () => {
      expect(everyRoot.filter(root => !isReadable(root)).map(root => Buffer.from(root).includes('EC-ACC'))).toEqual([true])
    })

    test('lead from Google’s chain to a root of Mozilla’s, wherever the intermediates come from', () => {
      const [end, ...intermediates] = google
      if (!end) throw new Error('a file is missing')
      expect(find(google, roots, googleTime).path).toHaveLength(2)
      expect(find([end], roots, { ...googleTime, intermediates }).path).toHaveLength(2)
      expect(refusal([end], roots, googleTime)).toBe('issuer-unknown')
      expect(refusal(google, roots, { ...googleTime, limits: { intermediates: 0 } })).toBe('certificate-path-length')
    })

    test('lead from Let’s Encrypt’s chain to either of its roots', () => {
      expect(certificatesOf(find([leaf, r3, crossSigned], [x1], lencrTime))).toEqual([leaf, r3, x1])
      expect(certificatesOf(find([leaf, r3, crossSigned], [dst], lencrTime))).toEqual([leaf, r3, crossSigned, dst])
      expect(certificatesOf(find([leaf, r3, crossSigned], roots, lencrTime)).slice(0, 2)).toEqual([leaf, r3])
    })

    test('are signed with ML-DSA, where that is asked for', () => {
      const [end, intermediate, root] = ['leaf', 'intermediate', 'root'].map(name =>
        block('CERTIFICATE', realFolder, `mldsa-${name}.pem`),
      ) as [Uint8Array, Uint8Array, Uint8Array]
      const options = { now: 1_775_458_800_000 }
      expect(find([end, intermediate], [root], { ...options, optionalSchemes: true }).path).toHaveLength(2)
      expect(refusal([end, intermediate], [root], options)).toBe('certificate-algorithm')
    })

    test('do not exist for a precertificate, which is no certificate', () => {
      const [end, root] = ['precertificate', 'root'].map(name => block('CERTIFICATE', folder, 'precertificate', `${name}.pem`))
      if (!end || !root) throw new Error('a file is missing')
      expect(refusal([end], [root], { now: Date.UTC(2023, 9, 1) })).toBe('certificate-critical-extension')
    })

    test('do not exist for certificates of Merkle trees, which are not known here', () => {
      for (const [group, now] of [
        [`${folder}/mtc_plants04`, Date.UTC(2021, 0, 1)],
        [realFolder, undefined],
      ] as const) {
        for (const file of filesIn(group, '.pem').filter(name => name.startsWith('mtc-'))) {
          const certificate = block('CERTIFICATE', group, file)
          const options = now === undefined ? {} : { now }
          expect([file, refusal([certificate], roots, options)]).toEqual([file, expect.not.stringMatching('accepted')])
        }
      }
    })
  })
})

function isReadable(certificate: Uint8Array): boolean {
  try {
    parseCertificate(certificate)
    return true
  } catch (error) {
    if (error instanceof CertificateError && error.message.includes('negative serial number')) return false
    throw error
  }
}

function plainAnchor(certificate: Uint8Array): TrustAnchor {
  return trustAnchor(certificate, { validity: false, constraints: false })
}

/** The whole path, with the certificate of the anchor. */
function certificatesOf({ path, anchor }: VerifiedChain): Uint8Array[] {
  return [...path.map(({ raw }) => raw), ...(anchor.certificate ? [anchor.certificate] : [])]
}

/** The chain of a file; five places, so that each can be named. */
function chainIn(file: string): [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array] {
  const empty = new Uint8Array(0)
  const [a = empty, b = empty, c = empty, d = empty, e = empty] = absent ? [] : blocks('CERTIFICATE', rolloverFolder, file)
  return [a, b, c, d, e]
}

/** The values that follow one another in a file. */
function* valuesIn(bytes: Uint8Array): Generator<Uint8Array> {
  for (const reader = new DerReader(bytes); !reader.done; ) yield reader.next().raw
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
