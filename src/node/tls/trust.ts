/** The options `ca` and `crl` become a trust store. */
import type { TrustStore } from '../../types.ts'
import { createTrustStore, decodePem, parseCertificate, parseCrl, sameName } from '../../x509/index.ts'
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
  const given = ca === undefined || ca === null ? undefined : list(ca).flatMap(authoritiesOf)
  const crls = list(crl).flatMap(crlsOf)
  const standard = given === undefined && crls.length + more.length === 0
  let made: Believed | undefined
  return () => {
    made ??= standard ? standardStore() : believe(given, crls, { partial: allowPartialTrustChain, more })
    return made
  }
}

function believe(given: readonly Uint8Array[] | undefined, crls: readonly Uint8Array[], { partial, more }: Leniency): Believed {
  const authorities = [...(given ?? []), ...more]
  const all = given ? authorities : [...getCACertificates('default').flatMap(chainOf), ...more]
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

/** As in Node.js, text without a certificate in it holds none; what is malformed is an error. */
function authoritiesOf(source: Bytes): readonly Uint8Array[] {
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

function isSelfIssued(der: Uint8Array): boolean {
  const { subject, issuer } = parseCertificate(der)
  return sameName(subject, issuer)
}
