/** The options `ca` and `crl` become a trust store. */
import type { TrustStore } from '../../types.ts'
import { CertificateError, createTrustStore, decodePem, parseCertificate, parseCrl, sameName } from '../../x509/index.ts'
import { nodeProvider } from '../defaults.ts'
import { coded, invalidType } from './errors.ts'
import { chainOf, list, textOf } from './identities.ts'
import { getCACertificates } from './roots.ts'

type Bytes = string | Uint8Array

export interface TrustOptions {
  ca?: Bytes | readonly Bytes[] | undefined
  crl?: Bytes | readonly Bytes[] | undefined
  /** Whether every certificate of `ca` ends a path, and not only those that are self-signed. Default: false. */
  allowPartialTrustChain?: boolean | undefined
}

/** Whom a context believes. */
export interface Believed {
  readonly trust: TrustStore
  /** The certificates of `ca`, DER; empty where the roots of Node.js serve. */
  readonly authorities: readonly Uint8Array[]
  /** Those of them that are no roots: they may fill a gap, and end no path. */
  readonly intermediates: readonly Uint8Array[]
}

/**
 * Reads the options now, and makes the store when it is asked for the first time: many a context never has to judge. `more` are the
 * authorities that came with a PKCS#12 file; as in Node.js, they are believed beside the others.
 */
export function believedBy({ ca, crl, allowPartialTrustChain = false }: TrustOptions, more: readonly Uint8Array[]): () => Believed {
  const given = ca === undefined || ca === null ? undefined : authoritiesOf(ca)
  const crls = list(crl).flatMap(crlsOf)
  const standard = given === undefined && crls.length + more.length === 0
  let made: Believed | undefined
  return () => {
    made ??= standard ? standardStore() : believe(given, crls, { partial: allowPartialTrustChain, more })
    return made
  }
}

function believe(given: readonly Uint8Array[] | undefined, crls: readonly Uint8Array[], { partial, more }: Leniency): Believed {
  const authorities = [...(given ?? []), ...more].filter(isReadable)
  const all = given ? authorities : [...getCACertificates('default').flatMap(chainOf).filter(isReadable), ...authorities]
  const isRoot = (der: Uint8Array) => partial || isSelfIssued(der)
  const intermediates = all.filter(der => !isRoot(der))
  const roots = all.filter(isRoot)
  const revocation = { mode: 'hard', crls } as const
  // A store without roots is no mistake here: as in Node.js, nobody is believed then.
  const how = roots.length === 0 ? { firstUse: () => false } : crls.length > 0 ? { revocation } : {}
  const trust = createTrustStore({ ...common, ...how, roots, intermediates, crypto: nodeProvider() })
  return { trust, authorities, intermediates }
}

interface Leniency {
  readonly partial: boolean
  readonly more: readonly Uint8Array[]
}

/** Of all contexts that name no `ca`: reading the roots costs, and what it remembers of peers is good for all. */
function standardStore(): Believed {
  standardBelieved ??= believe(undefined, [], { partial: false, more: [] })
  return standardBelieved
}

let standardBelieved: Believed | undefined

/** The name is `checkServerIdentity`'s to compare. */
const common = { anyName: true, anchorAsEndEntity: 'self-signed' } as const

/** The certificates of the option `ca`, DER. */
export function authoritiesOf(ca: TrustOptions['ca']): readonly Uint8Array[] {
  return list(ca).flatMap(certificatesIn)
}

/** A chain of one certificate with its issuers, as far as they are among the authorities; a root is the peer's to know. */
export function withIssuers(chain: readonly Uint8Array[], authorities: readonly Uint8Array[]): readonly Uint8Array[] {
  const [leaf, ...more] = chain
  if (!leaf || more.length > 0 || authorities.length === 0) return chain
  const line = [leaf]
  const rest = authorities.filter(der => isReadable(der) && !isSelfIssued(der))
  for (let top = parseCertificate(leaf); ; ) {
    const place = rest.findIndex(der => sameName(parseCertificate(der).subject, top.issuer))
    const [issuer] = place < 0 ? [] : rest.splice(place, 1)
    if (!issuer) return line
    line.push(issuer)
    top = parseCertificate(issuer)
  }
}

/** As in Node.js, text without a certificate in it holds none. */
function certificatesIn(source: Bytes): readonly Uint8Array[] {
  if (typeof source !== 'string' && !(source instanceof Uint8Array)) throw invalidType('options.ca', 'a string or a Uint8Array', source)
  return textOf(source).includes('-----BEGIN ') || (source instanceof Uint8Array && source[0] === 0x30) ? chainOf(source) : []
}

function crlsOf(source: Bytes): readonly Uint8Array[] {
  if (typeof source !== 'string' && !(source instanceof Uint8Array)) throw invalidType('options.crl', 'a string or a Uint8Array', source)
  const blocks = decodePem(textOf(source)).filter(({ label }) => label === 'X509 CRL')
  try {
    for (const { bytes } of blocks) parseCrl(bytes)
    if (blocks.length > 0) return blocks.map(({ bytes }) => bytes)
  } catch (cause) {
    throw coded(new Error('Failed to parse CRL', { cause }), 'ERR_CRYPTO_OPERATION_FAILED')
  }
  throw coded(new Error('Failed to parse CRL: expected PEM with "-----BEGIN X509 CRL-----"'), 'ERR_CRYPTO_OPERATION_FAILED')
}

/** Of a bundle of many, one that is malformed must not keep the others from use; nobody is believed for it. */
function isReadable(der: Uint8Array): boolean {
  try {
    parseCertificate(der)
    return true
  } catch (error) {
    if (error instanceof CertificateError) return false
    throw error
  }
}

function isSelfIssued(der: Uint8Array): boolean {
  const { subject, issuer } = parseCertificate(der)
  return sameName(subject, issuer)
}
