/** BoringSSL's cases of parsing certificates, their policies and their key identifiers: what is read, what is refused, and some values. */
import { describe, expect, test } from 'vitest'
import { type DerReader, type DerValue, encode, encodeOid, readDer, tags } from '../../../src/wire/der.ts'
import { DecodeError } from '../../../src/wire/error.ts'
import { readDistributionPoints } from '../../../src/x509/certificate/distribution-points.ts'
import {
  readAuthorityInfoAccess,
  readAuthorityKeyIdentifier,
  readCertificatePolicies,
  readKeyUsage,
} from '../../../src/x509/certificate/extension-values.ts'
import { readExtensions } from '../../../src/x509/certificate/extensions.ts'
import { CertificateError, parseCertificate } from '../../../src/x509/index.ts'
import { absent, block, filesIn, pemBlocks, tellIfAbsent } from './data.ts'
import { type Exceptions, namesIn } from './exceptions.ts'

const folder = 'boringssl-pki/parse_certificate_unittest'
const keyIdentifierFolder = `${folder}/authority_key_identifier`
const policyFolder = 'boringssl-pki/certificate_policies_unittest'

/** Read by BoringSSL, refused here. */
const strict: Exceptions = {
  'a certificate without a public key or a signature algorithm is none; there it is only taken apart at first': [
    'cert_skeleton',
    'signature_algorithm_null',
  ],
  'the parameters of the signature algorithm are no DER; there they are not looked at yet': ['failed_signature_algorithm'],
  'a serial number is not negative, and has at most 20 octets (RFC 5280 §4.1.2.2); there it is a warning': [
    'serial_37_bytes',
    'serial_negative',
    'serial_zero_padded_21_bytes',
  ],
  'a PrintableString is ASCII; there it may be read as UTF-8 by option': ['subject_printable_string_containing_utf8_client_cert'],
}

/** Refused by BoringSSL, read here. */
const lenient: Exceptions = {
  'RFC 5280 §4.2.1.9 gives pathLenConstraint no upper bound; there it has to fit one octet': ['basic_constraints_pathlen_256'],
  'an empty subject beside a subjectAltName that is not critical is a matter of the profile `web`': [
    'subject_blank_subjectaltname_not_critical',
  ],
  'ASCII characters that a PrintableString does not have, & and @ and others, are common in it': [
    'issuer_bad_printable_string',
    'subject_not_printable_string',
  ],
}

tellIfAbsent('boringssl-pki')

/** Whether the expectation that stands in the file is a failure; warnings are none. */
function mustFail(file: string): boolean {
  const errors = pemBlocks(folder, file).find(({ label }) => label === 'ERRORS')
  return errors !== undefined && /^ERROR: /m.test(Buffer.from(errors.bytes).toString())
}

function isRead(der: Uint8Array): boolean {
  try {
    parseCertificate(der)
    return true
  } catch (error) {
    if (error instanceof CertificateError && error.code === 'certificate-malformed') return false
    throw error
  }
}

function labelsIn(file: string): string[] {
  return pemBlocks(folder, file).map(({ label }) => label)
}

describe.skipIf(absent)('certificates', () => {
  const files = filesIn(folder, '.pem').filter(file => labelsIn(file).includes('CERTIFICATE'))
  const judged = files.map(file => ({
    name: file.replace('.pem', ''),
    mustFail: mustFail(file),
    read: isRead(block('CERTIFICATE', folder, file)),
  }))

  const names = (some: typeof judged) => some.map(({ name }) => name).sort()

  test('are refused where they are malformed, but for the reasons listed', () => {
    expect(names(judged.filter(one => one.mustFail && one.read))).toEqual(namesIn(lenient))
  })

  test('are read where they are not, but for the reasons listed', () => {
    expect(names(judged.filter(one => !one.mustFail && !one.read))).toEqual(namesIn(strict))
  })

  const extensionsOf = (name: string) => parseCertificate(block('CERTIFICATE', folder, `${name}.pem`)).extensions

  test.each([
    ['basic_constraints_not_ca', false, undefined],
    ['basic_constraints_ca_no_path', true, undefined],
    ['basic_constraints_ca_path_9', true, 9],
    ['basic_constraints_pathlen_255', true, 255],
    ['basic_constraints_ca_false', false, undefined],
    ['basic_constraints_pathlen_not_ca', false, 1],
  ])('say what they say of being a CA: %s', (name, ca, pathLength) => {
    expect(extensionsOf(name).basicConstraints).toEqual({ ca, pathLength })
  })

  test.each([
    ['policy_constraints_require', 3, undefined],
    ['policy_constraints_inhibit', undefined, 1],
    ['policy_constraints_inhibit_require', 5, 2],
  ])('say what they say of policies: %s', (name, requireExplicitPolicy, inhibitPolicyMapping) => {
    expect(extensionsOf(name).policyConstraints).toEqual({ requireExplicitPolicy, inhibitPolicyMapping })
  })

  test('have the values that BoringSSL finds in them', () => {
    expect(extensionsOf('inhibit_any_policy').inhibitAnyPolicy).toBe(3)
    expect([...(extensionsOf('key_usage').keyUsage ?? [])]).toEqual(['digitalSignature', 'keyEncipherment'])
    expect(extensionsOf('extended_key_usage').extendedKeyUsage?.size).toBe(4)
    expect(extensionsOf('policies').certificatePolicies?.size).toBe(2)
    expect(extensionsOf('extension_critical').unknownCritical).toEqual(['1.2.840.113554.4.1.72585.0'])
    expect(extensionsOf('extension_not_critical').unknownCritical).toEqual([])
    const real = extensionsOf('extensions_real')
    expect(real.critical.size).toBe(7)
    expect(hex(real.subjectKeyIdentifier)).toBe('4add06161bbcf668b576f581b6bb621aba5a812f')
    expect(hex(real.authorityKeyIdentifier?.keyIdentifier)).toBe('c07a98688d89fbab05640c117daa7d65b8cacc4e')
  })

  test('name the distribution points of their CRLs', () => {
    expect(extensionsOf('crldp_1uri_noissuer').crlDistributionPoints).toEqual([
      { name: { type: 'full', names: [{ type: 'uri', uri: 'http://www.example.com/foo.crl' }] }, reasons: undefined, crlIssuer: undefined },
    ])
    const [three] = extensionsOf('crldp_3uri_noissuer').crlDistributionPoints ?? []
    expect(three?.name).toMatchObject({
      names: [{ uri: 'http://www.example.com/foo1.crl' }, { uri: 'http://www.example.com/blah.crl' }, { uri: 'not-even-a-url' }],
    })
    const [issued] = extensionsOf('crldp_issuer_as_dirname').crlDistributionPoints ?? []
    expect(issued?.name).toMatchObject({ type: 'full', names: [{ type: 'directory' }] })
    expect(issued?.crlIssuer).toMatchObject([{ type: 'directory' }])
    const [full] = extensionsOf('crldp_full_name_as_dirname').crlDistributionPoints ?? []
    expect(full).toMatchObject({ name: { type: 'full', names: [{ type: 'directory' }] }, crlIssuer: undefined })
  })
})

describe.skipIf(absent)('the signed part of certificates, with names and keys put where the files have bytes that are none', () => {
  const files = filesIn(folder, '.pem').filter(file => !labelsIn(file).includes('CERTIFICATE'))

  test.each(files.filter(file => !labelsIn(file).includes('SPKI')))('is refused: %s', file => {
    expect(isRead(certificateWith(block('TBS CERTIFICATE', folder, file)))).toBe(false)
  })

  test.each(files.filter(file => labelsIn(file).includes('SPKI')))('is read: %s', file => {
    const certificate = parseCertificate(certificateWith(block('TBS CERTIFICATE', folder, file)))
    expect(certificate.version).toBe(Number(/^tbs_v(\d)/.exec(file)?.[1] ?? 3))
    expect(certificate.notBefore).toBe(momentIn(file, 'VALIDITY NOTBEFORE'))
    expect(certificate.notAfter).toBe(momentIn(file, 'VALIDITY NOTAFTER'))
  })

  /** `year=2012, month=10, day=18, hours=3, minutes=12, seconds=0` */
  function momentIn(file: string, label: string): number {
    const [year = 0, month = 0, ...rest] = (
      Buffer.from(block(label, folder, file))
        .toString()
        .match(/\d+/g) ?? []
    ).map(Number)
    return Date.UTC(year, month - 1, ...rest)
  }
})

describe('key usages', () => {
  test.each(['03020700', '03050000000000', '030100'])('are not read from %s', value => {
    expect(() => readKeyUsage(readHex(value))).toThrow(DecodeError)
  })

  test('are read by the place of their bits', () => {
    expect([...readKeyUsage(readHex('030205a0'))]).toEqual(['digitalSignature', 'keyEncipherment'])
    expect([...readKeyUsage(readHex('0303070080'))]).toEqual(['decipherOnly'])
  })
})

describe.skipIf(absent)('authority key identifiers', () => {
  const read = (file: string) => readAuthorityKeyIdentifier(readDer(block('AUTHORITY_KEY_IDENTIFIER', keyIdentifierFolder, file)))
  const good = [
    'empty_sequence.pem',
    'issuer_and_serial.pem',
    'key_identifier.pem',
    'key_identifier_and_issuer_and_serial.pem',
    'url_issuer_and_serial.pem',
  ]

  test.each(good)('are read: %s', file => {
    const { keyIdentifier, issuer, serial } = read(file)
    expect(hex(keyIdentifier)).toBe(file.startsWith('key_identifier') ? 'deadb00f' : undefined)
    expect(serial).toBe(file.includes('serial') ? 0x274fn : undefined)
    expect(issuer?.map(({ type }) => type)).toEqual(file.includes('issuer') ? [file.startsWith('url') ? 'uri' : 'directory'] : undefined)
  })

  test.each(filesIn(keyIdentifierFolder, '.pem').filter(file => !good.includes(file)))('are refused: %s', file => {
    expect(() => read(file)).toThrow(DecodeError)
  })
})

describe.skipIf(absent)('certificate policies', () => {
  const der = (file: string) => block('CERTIFICATE POLICIES', policyFolder, file)
  /** How the certificate that has the extension is limited by it, where it is critical. */
  const unknown = (file: string) => {
    const extension = encode(tags.sequence, encodeOid('2.5.29.32'), Uint8Array.of(1, 1, 0xff), encode(tags.octetString, der(file)))
    return readExtensions(readDer(encode(tags.sequence, extension))).unknownCritical
  }

  test.each([
    ['anypolicy.pem', ['2.5.29.32.0']],
    ['anypolicy_with_qualifier.pem', ['2.5.29.32.0']],
    ['policy_1_2_3.pem', ['1.2.3']],
    ['policy_1_2_3_with_qualifier.pem', ['1.2.3']],
    ['policy_1_2_3_with_custom_qualifier.pem', ['1.2.3']],
    ['policy_1_2_3_and_1_2_4.pem', ['1.2.3', '1.2.4']],
    ['policy_1_2_3_and_1_2_4_with_qualifiers.pem', ['1.2.3', '1.2.4']],
  ])('are read: %s', (file, policies) => {
    expect([...readCertificatePolicies(readDer(der(file))).policies]).toEqual(policies)
    expect(unknown(file)).toHaveLength(file.includes('custom') ? 1 : 0)
  })

  test.each(filesIn(policyFolder, '.pem').filter(file => file.startsWith('invalid')))('are refused: %s', file => {
    expect(() => readCertificatePolicies(readDer(der(file)))).toThrow(DecodeError)
  })
})

describe('authority information access and distribution points', () => {
  test.each([
    [
      'an access description without a location',
      '3031302306082b060105050730018617687474703a2f2f6f6373702e6578616d706c652e636f6d300a06082b06010505073002',
    ],
    ['more than a method and a location', '302c302a06082b060105050730018617687474703a2f2f6f6373702e6578616d706c652e636f6d130568656e6c6f'],
    ['no access description', '3000'],
  ])('is refused: %s', (_, value) => {
    expect(() => readAuthorityInfoAccess(readHex(value))).toThrow(DecodeError)
  })

  test('gives the URIs of the two methods alone', () => {
    expect(readAuthorityInfoAccess(readHex('3018301606022a03a410300e310c300a06035504031303666f6f'))).toEqual({ ocsp: [], caIssuers: [] })
  })

  test.each([
    ['reasons alone', '3006300481020560'],
    ['an empty point', '30023000'],
    ['no point', '3000'],
  ])('are refused: %s', (_, value) => {
    expect(() => readDistributionPoints(readHex(value))).toThrow(DecodeError)
  })

  // BoringSSL's own test has a whole SET in the relative name, which it does not look into: the tag is implicit (RFC 5280 appendix A.2).
  test('have relative names, reasons and issuers', () => {
    const points = readDistributionPoints(
      readHex('30353015a00fa10d300b0603550403130443524c3181020560301ca015a013a411300f310d300b0603550403130443524c328103079f80'),
    )
    expect(points.map(({ name }) => name?.type)).toEqual(['relative', 'full'])
    expect(points.map(({ reasons }) => [...(reasons ?? [])].length)).toEqual([2, 6])
    const [issued] = readDistributionPoints(readHex('301d301ba219a417301531133011060355040b130a63726c20697373756572'))
    expect(issued).toMatchObject({ name: undefined, crlIssuer: [{ type: 'directory' }] })
  })
})

function readHex(text: string): DerValue {
  return readDer(new Uint8Array(Buffer.from(text, 'hex')))
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex')
}

/** A certificate around a signed part whose algorithm, names, key and extensions may be the files' stand-ins, each an OCTET STRING in a SEQUENCE. */
function certificateWith(tbs: Uint8Array): Uint8Array {
  const fields: DerValue[] = []
  for (const reader = readDer(tbs).contents(); !reader.done; ) fields.push(reader.next())
  const name = encode(tags.sequence, encode(tags.set, encode(tags.sequence, encodeOid('2.5.4.3'), Uint8Array.of(0x13, 1, 0x41))))
  const sequences = [algorithm, name, undefined, name, ed25519Key]
  const parts = fields.map(field => {
    if (field.tag === 0xa3) return encode(0xa3, ...valuesIn(field).map(value => (isStandIn(value) ? extensions : value.raw)))
    if (field.tag !== tags.sequence) return field.raw
    const real = sequences.shift()
    return real && isStandIn(field) ? real : field.raw
  })
  const [signature] = fields.filter(({ tag }) => tag === tags.sequence)
  const outer = signature && !isStandIn(signature) ? signature.raw : algorithm
  return encode(tags.sequence, encode(tags.sequence, ...parts), outer, Uint8Array.of(3, 1, 0))
}

const algorithm = encode(tags.sequence, encodeOid('1.3.101.112'))
const ed25519Key = encode(tags.sequence, algorithm, encode(tags.bitString, new Uint8Array(33)))
const extensions = encode(tags.sequence, encode(tags.sequence, encodeOid('1.2.3'), encode(tags.octetString)))

function isStandIn(value: DerValue): boolean {
  return value.length === 3 && value.bytes[0] === tags.octetString && value.tag === tags.sequence
}

function valuesIn(value: DerValue): DerValue[] {
  const found: DerValue[] = []
  for (const reader: DerReader = value.contents(); !reader.done; ) found.push(reader.next())
  return found
}
