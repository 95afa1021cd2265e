/** The extensions of certificates (RFC 5280 §4.2) to order: by `@peculiar/x509` where it knows them, the rest in DER of our own. */
import 'reflect-metadata'
import {
  AuthorityInfoAccessExtension,
  BasicConstraintsExtension,
  CertificatePolicyExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
} from '@peculiar/x509'
import { constructedTag, contextTag, encode, tags } from '../wire/der.ts'
import { type RevocationReason, reasonFlags } from '../x509/certificate/distribution-points.ts'
import { type KeyUsage, keyUsages } from '../x509/certificate/extension-values.ts'
import { type CrlReason, crlReasons } from '../x509/revocation/crl-entries.ts'
import { ascii, derNull, encodeDotted, encodeInteger, encodeNamedBits, encodeSequence, explicit, type RawExtension } from './der.ts'
import { type DistinguishedNameOrder, encodeGeneralName, encodeGeneralNames, type GeneralNameOrder } from './names.ts'

/** An extended key usage by its short name, or dotted. */
export type MintedPurpose =
  | 'server'
  | 'client'
  | 'codeSigning'
  | 'emailProtection'
  | 'timeStamping'
  | 'ocspSigning'
  | 'any'
  | `${number}.${string}`

/** A distribution point (RFC 5280 §4.2.1.13). A mere string is its URI. */
export type DistributionPointOrder =
  | string
  | {
      readonly fullName?: readonly GeneralNameOrder[]
      /** Which reasons the CRL there covers; default: all. */
      readonly reasons?: readonly RevocationReason[]
      /** Who signs the CRL there, where it is not the certificate's issuer. */
      readonly crlIssuer?: DistinguishedNameOrder
    }

/** What a certificate may say beside whose key it is. An extension is left out where nothing asks for it. */
export interface ExtensionOptions {
  /** The subject's alternative names. */
  readonly names?: readonly GeneralNameOrder[]
  /** Default: `keyCertSign` and `cRLSign` for an authority, `digitalSignature` for others. Empty: no such extension. */
  readonly keyUsage?: readonly KeyUsage[]
  /** Extended key usages. Default: none for an authority, `server` and `client` for others. Empty: no such extension. */
  readonly purposes?: readonly MintedPurpose[]
  readonly nameConstraints?: { readonly permitted?: readonly GeneralNameOrder[]; readonly excluded?: readonly GeneralNameOrder[] }
  /** Dotted; anyPolicy is `2.5.29.32.0`. */
  readonly policies?: readonly string[]
  /** Pairs: the issuer's policy, and the subject's that is as good. */
  readonly policyMappings?: readonly (readonly [issuer: string, subject: string])[]
  /** After how many more certificates each of the two begins. */
  readonly policyConstraints?: { readonly requireExplicitPolicy?: number; readonly inhibitPolicyMapping?: number }
  /** After how many more certificates anyPolicy counts no longer. */
  readonly inhibitAnyPolicy?: number
  readonly crlDistributionPoints?: readonly DistributionPointOrder[]
  /** Where delta CRLs are. */
  readonly freshestCrl?: readonly DistributionPointOrder[]
  /** URIs of OCSP responders. */
  readonly ocsp?: readonly string[]
  /** URIs of the issuer's certificate. */
  readonly caIssuers?: readonly string[]
  /** RFC 7633: 5 is status_request, the promise that an OCSP response is stapled. */
  readonly tlsFeatures?: readonly number[]
  /** id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1). */
  readonly ocspNoCheck?: boolean
  /** Any others. One with the identifier of an extension that would be made anyway takes its place. */
  readonly extensions?: readonly RawExtension[]
  /** Dotted identifiers of extensions that are left out, whatever the rest says; one extension has to stay. */
  readonly omit?: readonly string[]
}

/** Whether the certificate is an authority's: basicConstraints (RFC 5280 §4.2.1.9). */
export interface Role {
  readonly ca: boolean
  readonly pathLength?: number | undefined
  /** A name in the subject; without one, the alternative names are critical (RFC 5280 §4.2.1.6). */
  readonly named: boolean
}

/** All that `options` ask for, but for the key identifiers. Throws `TypeError` where something can't be written. */
export function certificateExtensions(options: ExtensionOptions, role: Role): readonly Extension[] {
  const { keyUsage, purposes, names = [], policies = [], ocsp = [], caIssuers = [] } = options
  const usages = keyUsage ?? (role.ca ? ['keyCertSign', 'cRLSign'] : ['digitalSignature'])
  const ids = (purposes ?? (role.ca ? [] : ['server', 'client'])).map(purposeId)
  // What goes to the library is checked here: it writes what it is given.
  for (const policy of policies) encodeDotted(policy, 'policy')
  for (const uri of [...ocsp, ...caIssuers]) ascii(uri)
  if (role.pathLength !== undefined) encodeInteger(role.pathLength, 'pathLength')
  return [
    new BasicConstraintsExtension(role.ca, role.pathLength, true),
    ...when(usages.length > 0, () => raw('2.5.29.15', encodeNamedBits(usages.map(usageBit)), true)),
    ...when(ids.length > 0, () => new ExtendedKeyUsageExtension(ids)),
    ...when(names.length > 0, () => raw('2.5.29.17', encode(tags.sequence, encodeGeneralNames(names)), !role.named)),
    ...given(options.nameConstraints, constraints => raw('2.5.29.30', nameConstraints(constraints), true)),
    ...when(policies.length > 0, () => new CertificatePolicyExtension([...policies])),
    ...given(options.policyMappings, mappings => raw('2.5.29.33', policyMappings(mappings), true)),
    ...given(options.policyConstraints, constraints => raw('2.5.29.36', policyConstraints(constraints), true)),
    ...given(options.inhibitAnyPolicy, skip => raw('2.5.29.54', encodeInteger(skip, 'inhibitAnyPolicy'), true)),
    ...given(options.crlDistributionPoints, points => raw('2.5.29.31', distributionPoints(points))),
    ...given(options.freshestCrl, points => raw('2.5.29.46', distributionPoints(points))),
    ...when(ocsp.length + caIssuers.length > 0, () => new AuthorityInfoAccessExtension({ ocsp: [...ocsp], caIssuers: [...caIssuers] })),
    ...given(options.tlsFeatures, features => raw('1.3.6.1.5.5.7.1.24', tlsFeatures(features))),
    ...when(options.ocspNoCheck, () => raw('1.3.6.1.5.5.7.48.1.5', derNull)),
  ]
}

/** `made`, with what `options` say about single extensions: others of one's own, and none of some. */
export function adjust(made: readonly Extension[], { extensions = [], omit = [] }: ExtensionOptions): Extension[] {
  const own = extensions.map(({ oid, critical = false, value }) => {
    encodeDotted(oid, 'extension')
    return raw(oid, value, critical)
  })
  const kept = made.map(extension => own.find(({ type }) => type === extension.type) ?? extension)
  return [...new Set([...kept, ...own])].filter(({ type }) => !omit.includes(type))
}

export function raw(oid: string, value: Uint8Array, critical = false): Extension {
  return new Extension(oid, critical, value)
}

/** CRLDistributionPoints, and FreshestCRL, which is the same. */
export function distributionPoints(points: readonly DistributionPointOrder[]): Uint8Array {
  return encodeSequence(
    ...points.map(point => {
      if (typeof point === 'string') return encodeSequence(distributionPointName([{ uri: point }]))
      return encodeSequence(
        ...given(point.fullName, distributionPointName),
        ...given(point.reasons, reasons => encodeReasonFlags(reasons, 1)),
        ...given(point.crlIssuer, issuer => encode(constructedTag(2), encodeGeneralName({ directory: issuer }))),
      )
    }),
  )
}

/** `[0] DistributionPointName`, as a full name. */
export function distributionPointName(fullName: readonly GeneralNameOrder[]): Uint8Array {
  return explicit(0, encode(constructedTag(0), encodeGeneralNames(fullName)))
}

/** ReasonFlags with the implicit tag `[number]`. Throws `TypeError` for reasons that have no bit there. */
export function encodeReasonFlags(reasons: readonly RevocationReason[], number: number): Uint8Array {
  const positions = reasons.map(reason => 1 + reasonFlags.indexOf(reason))
  if (positions.includes(0)) throw new TypeError(`reasons of a CRL's scope are ${reasonFlags.join(', ')}`)
  return encodeNamedBits(positions, contextTag(number))
}

/** The number of a reason as an entry of a CRL and an OCSP response give it. */
export function reasonNumber(reason: CrlReason): number {
  const number = reason ? crlReasons.indexOf(reason) : -1
  if (number < 0) throw new TypeError(`"${reason}" is no reason: ${crlReasons.filter(Boolean).join(', ')}`)
  return number
}

/** A list of what `make` makes of a value that is there; empty where there is none. */
export function given<V, T>(value: V | undefined, make: (value: V) => T): readonly T[] {
  return value === undefined ? [] : [make(value)]
}

function when<T>(condition: boolean | undefined, make: () => T): readonly T[] {
  return condition ? [make()] : []
}

function usageBit(usage: KeyUsage): number {
  const bit = keyUsages.indexOf(usage)
  if (bit < 0) throw new TypeError(`"${usage}" is no key usage: ${keyUsages.join(', ')}`)
  return bit
}

const purposeIds: Readonly<Record<string, string>> = {
  server: ExtendedKeyUsage.serverAuth,
  client: ExtendedKeyUsage.clientAuth,
  codeSigning: ExtendedKeyUsage.codeSigning,
  emailProtection: ExtendedKeyUsage.emailProtection,
  timeStamping: ExtendedKeyUsage.timeStamping,
  ocspSigning: ExtendedKeyUsage.ocspSigning,
  any: '2.5.29.37.0',
}

function purposeId(purpose: string): string {
  const id = purposeIds[purpose] ?? purpose
  encodeDotted(id, 'purpose')
  return id
}

function nameConstraints({ permitted, excluded }: NonNullable<ExtensionOptions['nameConstraints']>): Uint8Array {
  const subtrees = (number: number) => (names: readonly GeneralNameOrder[]) =>
    encode(constructedTag(number), ...names.map(name => encodeSequence(encodeGeneralName(name, 'constraint'))))
  return encodeSequence(...given(permitted, subtrees(0)), ...given(excluded, subtrees(1)))
}

function policyMappings(mappings: NonNullable<ExtensionOptions['policyMappings']>): Uint8Array {
  return encodeSequence(...mappings.map(pair => encodeSequence(...pair.map(policy => encodeDotted(policy, 'policy')))))
}

function policyConstraints(constraints: NonNullable<ExtensionOptions['policyConstraints']>): Uint8Array {
  const { requireExplicitPolicy, inhibitPolicyMapping } = constraints
  return encodeSequence(
    ...given(requireExplicitPolicy, skip => encodeInteger(skip, 'requireExplicitPolicy', contextTag(0))),
    ...given(inhibitPolicyMapping, skip => encodeInteger(skip, 'inhibitPolicyMapping', contextTag(1))),
  )
}

function tlsFeatures(features: readonly number[]): Uint8Array {
  return encodeSequence(...features.map(feature => encodeInteger(feature, 'TLS feature')))
}
