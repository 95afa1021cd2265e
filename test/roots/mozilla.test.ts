/** The anchors of tassel/roots, held against the certificates that they stand for. */
import { execFileSync } from 'node:child_process'
import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mozillaRoots, mozillaRootsInfo } from '../../src/roots.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { readDer } from '../../src/wire/der.ts'
import { readPublicKey } from '../../src/x509/certificate/algorithms.ts'
import { nameToText } from '../../src/x509/certificate/distinguished-name.ts'
import { decodePem } from '../../src/x509/pem.ts'
import { sharedVectors } from '../vectors.ts'
import { certificateFields } from './fields.ts'

const labelled = (label: string) => mozillaRoots().find(anchor => anchor.label === label)

describe('the anchors', () => {
  it('are as many as the description says', () => {
    expect(mozillaRoots()).toHaveLength(118)
    expect(mozillaRootsInfo).toEqual({
      source: 'ca-certificates 20260816+nmu1 of Debian, limits of the list in NSS, 2.92',
      version: '20260816+nmu1',
      date: '2026-10-20',
      licence: 'MPL-2.0',
      count: 118,
    })
  })

  it.each([
    'ISRG Root X1',
    'ISRG Root X2',
    'GTS Root R1',
    'DigiCert Global Root G2',
    'USERTrust ECC Certification Authority',
    'Amazon Root CA 1',
  ])('%s is among them', label => expect(labelled(label)).toBeDefined())

  it('have names that tell them apart, and no two have the same key', () => {
    expect(new Set(mozillaRoots().map(({ label }) => label)).size).toBe(118)
    expect(new Set(mozillaRoots().map(({ publicKey }) => toHex(publicKey))).size).toBe(118)
    expect(mozillaRoots().filter(({ label }) => !label)).toEqual([])
  })

  it('have subjects in every string type that is used', () => {
    expect(named('ISRG Root X1')).toBe('CN=ISRG Root X1,O=Internet Security Research Group,C=US')
    expect(named('GlobalSign Root CA - R3')).toBe('CN=GlobalSign,O=GlobalSign,OU=GlobalSign Root CA - R3')
    expect(named('NetLock Arany (Class Gold) Főtanúsítvány')).toBe(
      'CN=NetLock Arany (Class Gold) Főtanúsítvány,OU=Tanúsítványkiadók (Certification Services),O=NetLock Kft.,L=Budapest,C=HU',
    )
    expect(named('Microsec e-Szigno Root CA 2009')).toContain('emailAddress=info@e-szigno.hu')
  })

  it('have keys that both Tassel and Node.js read as the same kind', () => {
    const kinds = mozillaRoots().map(({ publicKey }) => {
      const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
      const type = asymmetricKeyType === 'rsa' ? 'RSA' : curves[asymmetricKeyDetails?.namedCurve ?? '']
      expect(readPublicKey(readDer(publicKey)).type).toBe(type)
      return `${type} ${asymmetricKeyDetails?.modulusLength ?? ''}`.trim()
    })
    expect([...new Set(kinds)].sort()).toEqual(['P-256', 'P-384', 'P-521', 'RSA 2048', 'RSA 4096'])
  })

  it('keep what Mozilla has limited', () => {
    const limited = mozillaRoots().filter(anchor => anchor.nameConstraints ?? anchor.distrustAfter)
    expect(
      limited.map(({ label, nameConstraints, distrustAfter }) => ({
        label,
        nameConstraints: nameConstraints && toHex(nameConstraints),
        distrustAfter: distrustAfter && new Date(distrustAfter).toISOString(),
      })),
    ).toEqual([
      { label: 'Izenpe.com', nameConstraints: undefined, distrustAfter: '2026-04-15T23:59:59.000Z' },
      // SEQUENCE { [0] { SEQUENCE { [2] "tr" } } }
      { label: 'TUBITAK Kamu SM SSL Kok Sertifikasi - Surum 1', nameConstraints: '3008a006300482027472', distrustAfter: undefined },
    ])
  })

  it('are the caller’s own: what one writes into them, another does not see', () => {
    const [before] = mozillaRoots()
    const again = mozillaRoots().find(({ nameConstraints }) => nameConstraints)
    const original = [before?.subject, before?.publicKey, again?.nameConstraints].map(each => toHex(each ?? new Uint8Array(0)))
    for (const bytes of [before?.subject, before?.publicKey, again?.nameConstraints]) bytes?.fill(0)
    const [after] = mozillaRoots()
    const constrained = mozillaRoots().find(({ nameConstraints }) => nameConstraints)
    expect([after?.subject, after?.publicKey, constrained?.nameConstraints].map(each => toHex(each ?? new Uint8Array(0)))).toEqual(original)
    expect(Object.isFrozen(mozillaRootsInfo)).toBe(true)
  })
})

const bundle = join(sharedVectors() ?? '', 'roots/mozilla-roots.pem')

/** Roots of the bundle that are no anchors, and why. */
const left: Readonly<Record<string, string>> = {
  'emSign ECC Root CA - C3': 'not in Mozilla’s list 2.92, which is newer than the bundle’s',
  'emSign Root CA - C1': 'not in Mozilla’s list 2.92, which is newer than the bundle’s',
}

describe.skipIf(!existsSync(bundle))('the bundle of certificates', () => {
  const certificates = existsSync(bundle) ? decodePem(readFileSync(bundle, 'utf8')).map(({ bytes }) => bytes) : []
  const key = ({ subject, publicKey }: { subject: Uint8Array; publicKey: Uint8Array }) => `${toHex(subject)} ${toHex(publicKey)}`

  it('has an anchor with the very name and key of each root, but for those that have left the list', () => {
    const anchors = new Set(mozillaRoots().map(key))
    const without = certificates.filter(der => !anchors.has(key(certificateFields(der))))
    expect(without.map(der => /CN=(.*)/.exec(new X509Certificate(der).subject)?.[1]).sort()).toEqual(Object.keys(left))
    expect(certificates).toHaveLength(120)
  })

  it('lacks no root that has an anchor', () => {
    const roots = new Set(certificates.map(der => key(certificateFields(der))))
    expect(mozillaRoots().filter(anchor => !roots.has(key(anchor)))).toEqual([])
  })

  it.skipIf(!hasOpenssl())('has for OpenSSL the subjects that the anchors have', () => {
    // `-subject_hash_old` is the beginning of the MD5 of the DER subject, as a little-endian number.
    for (const der of certificates.slice(0, 5)) {
      const said = execFileSync('openssl', ['x509', '-inform', 'DER', '-noout', '-subject_hash_old'], { input: der, encoding: 'utf8' })
      const hashes = mozillaRoots().map(({ subject }) =>
        createHash('md5').update(subject).digest().readUInt32LE(0).toString(16).padStart(8, '0'),
      )
      expect(hashes).toContain(said.trim())
    }
  })
})

const curves: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' }

function named(label: string): string {
  return nameToText(labelled(label)?.subject ?? new Uint8Array(0))
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
