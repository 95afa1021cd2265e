/** BoringSSL's cases of OCSP responses. */
import { describe, expect, test } from 'vitest'
import { CertificateError, parseOcspResponse } from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import { type RevocationCase, type Status, statusOf } from './boringssl-revocation.ts'
import { absent, block, filesIn, tellIfAbsent } from './data.ts'
import { type Exceptions, namesIn } from './exceptions.ts'

const folder = 'boringssl-pki/ocsp_unittest'

/** What BoringSSL's tests expect where it is not `unknown`. */
const statuses: Readonly<Record<string, Status>> = {
  'good_response.pem': 'good',
  'good_response_sha256.pem': 'good',
  'good_response_invalid_serial.pem': 'good',
  'good_response_next_update.pem': 'good',
  'ocsp_sign_direct.pem': 'good',
  'ocsp_sign_indirect.pem': 'good',
  'ocsp_extra_certs.pem': 'good',
  'has_version.pem': 'good',
  'has_extension.pem': 'good',
  'has_single_extension.pem': 'good',
  'has_critical_ct_extension.pem': 'good',
  'responder_name.pem': 'good',
  'responder_id.pem': 'good',
  'revoke_response.pem': 'revoked',
  'revoke_response_reason.pem': 'revoked',
  'multiple_response_good_revoked.pem': 'revoked',
}

/** Cases that are judged differently here. */
const different: Exceptions = {
  'the serial number is not in its shortest form, which is no DER': ['good_response_invalid_serial.pem'],
  'the extension for SCTs has contents that are none': ['has_critical_ct_extension.pem'],
  'beside an answer that says good stands one that says nothing': ['multiple_response.pem'],
}

/** Responses that can't be read. */
const malformed: readonly string[] = [
  'bad_ocsp_type.pem',
  'bad_status.pem',
  'good_response_invalid_serial.pem',
  'has_critical_ct_extension.pem',
  'invalid_response.pem',
  'invalid_response_data.pem',
]

tellIfAbsent('boringssl-pki')

const files = filesIn(folder, '.pem')

describe.skipIf(absent).each(providers({ minimumRsaBits: 1024 }))('the OCSP responses of BoringSSL with the provider $name', crypto => {
  test('say good, revoked, or nothing of use, but for the reasons listed', () => {
    const other = files.filter(file => statusOf(caseIn(file), crypto) !== (statuses[file] ?? 'unknown'))
    expect(other).toEqual(namesIn(different))
  })
})

test.skipIf(absent)('there are 36 OCSP responses', () => {
  expect(files).toHaveLength(36)
})

describe.skipIf(absent)('OCSP responses', () => {
  test.each(malformed)('are refused: %s', file => {
    expect(() => parseOcspResponse(block('OCSP RESPONSE', folder, file))).toThrow(CertificateError)
  })

  test.each(files.filter(file => !malformed.includes(file)))('are read: %s', file => {
    expect(() => parseOcspResponse(block('OCSP RESPONSE', folder, file))).not.toThrow()
  })
})

function caseIn(file: string): RevocationCase {
  return {
    leaf: block('CERTIFICATE', folder, file),
    issuers: [block('CA CERTIFICATE', folder, file)],
    ocsp: [block('OCSP RESPONSE', folder, file)],
    now: Date.UTC(2017, 2, 5),
  }
}
