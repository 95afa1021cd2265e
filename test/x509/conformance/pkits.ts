/** PKITS, NIST's tests of path validation: the cases, and what the suite's document says of each beyond valid or not. */
import type { FaultCode } from '../../../src/error.ts'
import { absent, readText } from './data.ts'

export interface PkitsCase {
  readonly Name: string
  /** Trust anchor first, end entity last. */
  readonly CertPath: readonly string[]
  readonly CRLPath: readonly string[]
  readonly ShouldValidate: boolean
  readonly InitialPolicySet: readonly string[]
  readonly InitialPolicyMappingInhibit: boolean
  readonly InitialExplicitPolicy: boolean
  readonly InitialAnyPolicyInhibit: boolean
}

export const pkitsCases: readonly PkitsCase[] = absent
  ? []
  : (JSON.parse(readText('pkits/go-nist-pkits/vectors.json')) as readonly PkitsCase[])

/** Everything that is ever valid is so at this moment: the certificates are of 2010 to 2030, the youngest CRL of January 2011. */
export const pkitsTime = Date.UTC(2011, 3, 15)

/** `NIST-test-policy-1` or `anyPolicy`, dotted. */
export function policyOid(name: string): string {
  return name === 'anyPolicy' ? anyPolicy : `${testPolicies}.${name.replace('NIST-test-policy-', '')}`
}

const testPolicies = '2.16.840.1.101.3.2.1.48'
const anyPolicy = '2.5.29.32.0'

export interface Refusal {
  readonly code: FaultCode
  /** Of the certificate at fault; `undefined` where the suite's document does not lay it on a single one. */
  readonly depth?: number
}

/** Why a case must be refused: by its number, else by its section. */
export function refusalOf({ Name }: PkitsCase): Refusal | undefined {
  const number = numberOf(Name)
  const section = number.split('.').slice(0, 2).join('.')
  return refusals[number] ?? refusals[section]
}

/** The user-constrained policy set of a case that must be accepted, as the suite's document states it. */
export function policiesOf({ Name }: PkitsCase): string[] {
  const subpart = /\(Subpart (\d)\)/.exec(Name)?.[1]
  const names = policySets[subpart ? `${numberOf(Name)}/${subpart}` : numberOf(Name)] ?? [1]
  return names.map(name => (name === 'any' ? anyPolicy : `${testPolicies}.${name}`))
}

function numberOf(name: string): string {
  return name.slice(0, name.indexOf(' '))
}

const unknown: Refusal = { code: 'revocation-unknown', depth: 0 }
const revoked: Refusal = { code: 'certificate-revoked', depth: 0 }
const notCa: Refusal = { code: 'certificate-not-a-ca', depth: 1 }

const refusals: Readonly<Record<string, Refusal>> = {
  '4.1': { code: 'certificate-signature', depth: 0 },
  // The wrong signatures are BIT STRINGs of no whole number of octets.
  '4.1.2': { code: 'certificate-malformed', depth: 1 },
  '4.1.6': { code: 'certificate-malformed', depth: 0 },
  '4.2.1': { code: 'certificate-not-yet-valid', depth: 1 },
  '4.2.2': { code: 'certificate-not-yet-valid', depth: 0 },
  '4.2.5': { code: 'certificate-expired', depth: 1 },
  '4.2.6': { code: 'certificate-expired', depth: 0 },
  '4.2.7': { code: 'certificate-expired', depth: 0 },
  '4.3': { code: 'issuer-unknown', depth: 0 },
  // No CRL, a forged one, of someone else, with a critical extension that nobody knows (RFC 5280 §5.2 and §5.3: not to be used), out of date,
  // or signed with a key that is itself revoked (4.4.21).
  '4.4': unknown,
  '4.4.2': { code: 'certificate-revoked', depth: 1 },
  '4.4.3': revoked,
  // Revoked too, but a negative serial number is not read (RFC 5280 §4.1.2.2).
  '4.4.15': { code: 'certificate-malformed', depth: 0 },
  '4.4.18': revoked,
  '4.4.20': revoked,
  '4.5': revoked,
  // Issued under the key that is for CRLs.
  '4.5.8': notCa,
  '4.6': { code: 'certificate-path-length' },
  '4.6.1': notCa,
  '4.6.2': notCa,
  '4.6.3': notCa,
  '4.7': { code: 'certificate-key-usage', depth: 1 },
  // The CA's key may not sign CRLs, so that its CRL says nothing.
  '4.7.4': unknown,
  '4.7.5': unknown,
  '4.8': { code: 'certificate-policy' },
  '4.9': { code: 'certificate-policy' },
  '4.10': { code: 'certificate-policy' },
  '4.11': { code: 'certificate-policy' },
  '4.12': { code: 'certificate-policy' },
  '4.13': { code: 'certificate-name-constraint', depth: 0 },
  '4.14': revoked,
  // The distribution point of the CRL is not that of the certificate.
  '4.14.3': unknown,
  '4.14.8': unknown,
  '4.14.9': unknown,
  // The CRL is for other kinds of certificates.
  '4.14.11': unknown,
  '4.14.12': unknown,
  '4.14.14': unknown,
  // Some reasons are covered by no CRL.
  '4.14.17': unknown,
  // The CRL's issuer is not whom the certificate names, or has issued no indirect CRL.
  '4.14.26': unknown,
  '4.14.27': unknown,
  '4.14.35': unknown,
  '4.15': revoked,
  // A delta without its base, and with a base that is too old for it.
  '4.15.1': unknown,
  '4.15.10': unknown,
  '4.16': { code: 'certificate-critical-extension', depth: 0 },
}

/** Where it is not the first test policy alone. */
const policySets: Readonly<Record<string, readonly (number | 'any')[]>> = {
  '4.8.2/1': [],
  '4.8.3/1': [],
  '4.8.10/1': [1, 2],
  '4.8.10/3': [2],
  '4.8.11/1': ['any'],
  '4.8.13/2': [2],
  '4.8.13/3': [3],
  '4.8.18/2': [2],
  '4.9.1': [],
  '4.9.2': [],
  '4.9.6': [],
  '4.10.3/2': [2],
  '4.10.12/2': [2],
  '4.11.4': [2],
}
