/** BoringSSL's cases of CRLs: the name of each file says what a CRL is worth, and whether the certificate is on it. */
import { describe, expect, test } from 'vitest'
import { CertificateError, parseCrl } from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import { type RevocationCase, type Status, statusOf } from './boringssl-revocation.ts'
import { absent, block, blocks, filesIn, tellIfAbsent } from './data.ts'
import { type Exceptions, namesIn } from './exceptions.ts'

const folder = 'boringssl-pki/crl_unittest'

/** Cases that are judged differently here. */
const different: Exceptions = {
  'a CRL of the certificate’s own issuer counts, whatever its distribution points say (RFC 5280 §6.3.3, at its end)': [
    'bad_crldp_has_crlissuer.pem',
  ],
  'indirect CRLs are read here (RFC 5280 §5.2.5): this one is of the certificate’s own issuer': ['bad_idp_indirectcrl.pem'],
}

/** Read, though what they say can't be relied on for this certificate. */
const wellFormed: readonly string[] = [
  'invalid_idp_onlycontainsusercerts_v1_leaf.pem',
  'invalid_issuer_keyusage_no_crlsign.pem',
  'invalid_key_rollover_issuer_keyusage_no_crlsign.pem',
]

tellIfAbsent('boringssl-pki')

const files = filesIn(folder, '.pem')

describe.skipIf(absent).each(providers({ minimumRsaBits: 1024 }))('the CRLs of BoringSSL with the provider $name', crypto => {
  test('say good, revoked, or nothing of use, but for the reasons listed', () => {
    const other = files.filter(file => statusOf(caseIn(file), crypto) !== expected(file))
    expect(other).toEqual(namesIn(different))
  })
})

test.skipIf(absent)('there are 66 CRLs', () => {
  expect(files).toHaveLength(66)
})

describe.skipIf(absent)('CRLs', () => {
  const malformed = files.filter(file => file.startsWith('invalid') && !wellFormed.includes(file))

  test.each(malformed)('are refused: %s', file => {
    expect(() => parseCrl(block('CRL', folder, file))).toThrow(CertificateError)
  })

  test.each(files.filter(file => !malformed.includes(file)))('are read: %s', file => {
    expect(() => parseCrl(block('CRL', folder, file))).not.toThrow()
  })
})

function caseIn(file: string): RevocationCase {
  return {
    leaf: block('CERTIFICATE', folder, file),
    issuers: [block('CA CERTIFICATE', folder, file), ...blocks('CA CERTIFICATE 2', folder, file)],
    crls: [block('CRL', folder, file)],
    now: Date.UTC(2017, 2, 9),
  }
}

function expected(file: string): Status {
  if (file.startsWith('good')) return 'good'
  return file.startsWith('revoked') ? 'revoked' : 'unknown'
}
