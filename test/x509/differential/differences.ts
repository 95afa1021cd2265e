/** Where another judge decides otherwise than we do, and by which of its rules. What fits none of these is a mistake of somebody. */
import type { FaultCode } from '../../../src/error.ts'
import type { GeneralNameOrder } from '../../../src/testing/index.ts'
import type { Draft } from './draft.ts'
import type { OpensslVerdict, OurVerdict } from './judges.ts'

export interface Difference<V> {
  readonly reason: string
  /** The first version that does so no longer. Default: none. */
  readonly until?: number
  readonly fits: (draft: Draft, ours: OurVerdict, theirs: V) => boolean
}

export const opensslDifferences: readonly Difference<OpensslVerdict>[] = [
  {
    reason: 'X509_check_host(3) takes the common name where there is no DNS name; RFC 9525 §2 does not',
    fits: isNamedByItsCommonName,
  },
  {
    reason: 'X509_check_host(3) takes a wildcard that is part of a label; RFC 9525 §6.3 wants it whole',
    fits: isNamedInPart,
  },
  {
    reason: 'anyExtendedKeyUsage is no purpose for OpenSSL; of an authority it is enough here, as in webpki and Go',
    fits: (draft, { code }, { errors }) =>
      code === undefined && errors.includes(26) && authorities(draft).some(({ purposes = [] }) => purposes.includes('any')),
  },
  {
    reason: 'keyEncipherment or keyAgreement is enough for a server of TLS 1.2; in TLS 1.3 it signs (RFC 9846 §4.5.1.2)',
    fits: (draft, { code }, { accepted }) =>
      accepted && code === 'certificate-key-usage' && draft.leaf.options.keyUsage?.includes('digitalSignature') === false,
  },
  {
    reason: 'X509_cmp_time(3): the last second of validity has expired already; RFC 5280 §4.1.2.5 counts it in',
    fits: (draft, { code }, { errors }) =>
      code === undefined &&
      errors.every(error => error === 10) &&
      everyone(draft).some(({ notAfter }) => notAfter?.getTime() === draft.moment),
  },
  {
    reason: '-x509_strict asks for what RFC 5280 obliges CAs to, as does the profile web here: key identifiers, critical bits, key usages',
    fits: ({ strict }, { code }, { errors }) => strict && code === undefined && errors.some(error => error >= 77 && error <= 95),
  },
  {
    reason: 'a CRL without nextUpdate is good for ever; here for seven days',
    fits: ({ crls = [] }, { code }, { accepted }) =>
      accepted && code === 'revocation-unknown' && crls.some(({ nextUpdate }) => nextUpdate === null),
  },
  {
    reason: 'openssl-verification-options(1): one path is built, and not another where it fails',
    fits: (draft, { code }, { errors }) => code === undefined && isAmbiguous(draft) && errors.length > 0,
  },
  {
    reason: 'openssl-verification-options(1): without -partial_chain an anchor is self-signed',
    fits: ({ anchor }, { code }, { errors }) => code === undefined && anchor > 0 && errors.includes(2),
  },
  {
    reason: 'what the certificate of an anchor says of policies is not looked at; here it counts (RFC 5937)',
    fits: ({ root: { options } }, { code }, { accepted }) =>
      accepted &&
      (code === 'certificate-policy' || code === undefined) &&
      (options.policies !== undefined || options.policyConstraints !== undefined || options.inhibitAnyPolicy !== undefined),
  },
  {
    reason:
      'before 3.5 the host of a URI is what stands before a colon or a slash: with a user, and where it is an address, which can’t be compared',
    until: 3.5,
    fits: ({ leaf }, { code }, { accepted }) => accepted !== (code === undefined) && (leaf.options.names ?? []).some(isOddUri),
  },
  { reason: 'a wildcard is compared as it stands; here nothing that it stands for may be excluded', fits: isWildcardAround },
]

/** The errors of OpenSSL (X509_V_ERR_…, x509_vfy.h) that mean what our codes mean, for chains that have one fault alone. */
export const opensslErrors: Partial<Readonly<Record<FaultCode, readonly number[]>>> = {
  'issuer-unknown': [2, 18, 19, 20, 21],
  'certificate-signature': [7],
  'certificate-not-yet-valid': [9],
  'certificate-expired': [10],
  'certificate-path-length': [25],
  'certificate-purpose': [26],
  'certificate-key-usage': [26, 32],
  'certificate-not-a-ca': [79],
  'certificate-critical-extension': [34],
  'certificate-policy': [43],
  'certificate-name-constraint': [47, 48, 51, 53],
  'certificate-name-mismatch': [62, 64],
  'certificate-key': [66, 67],
  'certificate-revoked': [23],
  'revocation-unknown': [3, 8, 11, 12, 36, 44],
}

/** What GnuTLS knows how to judge: no policies, no scopes of CRLs, constraints on DNS names, addresses and e-mail alone. */
export const gnutlsFeatures = [
  'names',
  'no alternative name',
  'a name in part',
  'DNS constraints',
  'IP constraints',
  'e-mail constraints',
  'path lengths',
  'no authority',
  'usages of an authority',
  'purposes of the end entity',
  'no purposes',
  'self-issued',
  'a missing intermediate',
  'a wrong signature',
  'an extension that nobody knows',
  'other keys',
  'no key identifiers',
  'any purpose',
  'twins by a stranger',
  'constraints of the root',
  'an empty constraint',
  'an address of the other kind',
  'a wildcard around what is excluded',
]

export const gnutlsDifferences: readonly Difference<{ readonly accepted: boolean }>[] = [
  {
    reason: 'gnutls_x509_crt_check_hostname takes the common name of a certificate for servers without DNS names',
    fits: isNamedByItsCommonName,
  },
  { reason: 'gnutls_x509_crt_check_hostname takes a wildcard that is part of a label', fits: isNamedInPart },
  {
    reason: 'anyExtendedKeyUsage is enough for the end entity',
    fits: ({ leaf }, { code }, { accepted }) =>
      accepted && code === 'certificate-purpose' && leaf.options.purposes?.includes('any') === true,
  },
  {
    reason: 'an empty DNS constraint is for no name; here, in OpenSSL and Go it is for every one',
    fits: (draft, { code }, { accepted }) =>
      accepted !== (code === undefined) &&
      authorities(draft).some(({ nameConstraints }) => JSON.stringify(nameConstraints)?.includes('{"dns":""}')),
  },
  {
    reason: 'anyExtendedKeyUsage is not enough for an authority; here it is, as in webpki and Go',
    fits: (draft, { code }, { accepted }) =>
      !accepted && code === undefined && authorities(draft).some(({ purposes = [] }) => purposes.includes('any')),
  },
  { reason: 'a wildcard is compared as it stands; here nothing that it stands for may be excluded', fits: isWildcardAround },
  {
    reason: 'one path is built, and not another where it fails',
    fits: (draft, { code }, { accepted }) => !accepted && code === undefined && isAmbiguous(draft),
  },
  {
    reason:
      'addresses of IPv4 are free where none but those of IPv6 are permitted, and the other way round; RFC 5280 has one type for both',
    fits: ({ features }, { code }, { accepted }) =>
      accepted &&
      code === 'certificate-name-constraint' &&
      features.some(name => name === 'IP constraints' || name === 'an address of the other kind'),
  },
]

function isNamedByItsCommonName(draft: Draft, { code }: OurVerdict, { accepted }: { readonly accepted: boolean }): boolean {
  return accepted && code === 'certificate-name-mismatch' && dnsNames(draft).length === 0
}

function isWildcardAround(draft: Draft, { code }: OurVerdict, { accepted }: { readonly accepted: boolean }): boolean {
  const isExcluded = authorities(draft).some(({ nameConstraints }) => nameConstraints?.excluded)
  return accepted && code === 'certificate-name-constraint' && isExcluded && dnsNames(draft).includes('*.example.com')
}

function isNamedInPart(draft: Draft, { code }: OurVerdict, { accepted }: { readonly accepted: boolean }): boolean {
  return accepted && code === 'certificate-name-mismatch' && dnsNames(draft).some(isPartial)
}

/** Whether a certificate has more than one candidate for its issuer that its names and key identifiers do not tell apart. */
function isAmbiguous({ decoys, features }: Draft): boolean {
  return decoys.length > 0 || (features.includes('self-issued') && features.includes('no key identifiers'))
}

function dnsNames({ leaf }: Draft): string[] {
  return (leaf.options.names ?? []).flatMap(name => dnsName(name) ?? [])
}

function dnsName(name: GeneralNameOrder): string | undefined {
  if (typeof name === 'string') return /^[\d.]+$|:/.test(name) ? undefined : name
  return 'dns' in name ? name.dns : undefined
}

function isOddUri(name: GeneralNameOrder): boolean {
  return typeof name === 'object' && 'uri' in name && /@|\/\/[\d.]+\//.test(name.uri)
}

function isPartial(name: string): boolean {
  return /[^.*]\*|\*[^.*]/.test(name.split('.')[0] ?? '')
}

function authorities({ root, intermediates }: Draft) {
  return [root, ...intermediates].map(({ options }) => options)
}

function everyone(draft: Draft) {
  return [...authorities(draft), draft.leaf.options]
}
