/** The validation of chains, with or without TLS: what is believed, what is asked of a chain, and what comes of it. */
import type { CertificateVerifier } from '../crypto/provider.ts'
import { copyOf } from '../wire/bytes.ts'
import { type ChainCache, Draft } from './cache/chain-cache.ts'
import type { Certificate } from './certificate/certificate.ts'
import type { KeyUsage } from './certificate/extension-values.ts'
import { CertificateError } from './error.ts'
import { certificateList, parseOwn } from './own.ts'
import { type Anchor, indexAnchors, type TrustAnchor } from './path/anchor.ts'
import { Budget, limitsOf, type PathLimits } from './path/budget.ts'
import { type Evidence, type Findings, type JudgeOptions, judgePath } from './path/judge.ts'
import { type Circumstances, clientAuth, type Link, serverAuth } from './path/link.ts'
import { Moment } from './path/moment.ts'
import { referenceName } from './path/names.ts'
import { findPath, type PathRequest } from './path/path.ts'
import { type Verifiers, verifierOf, verifiersOf } from './path/signed.ts'
import { type RevocationEvidence, type RevocationOptions, readRevocation } from './revocation/revocation.ts'

/** What is believed, for however many chains. */
export interface ValidatorOptions extends JudgeOptions {
  /** Certificates in DER, or PEM with one or more, or anchors by `trustAnchor` and `tassel/roots`. */
  readonly anchors: readonly (Uint8Array | string | TrustAnchor)[]
  /** Certificates that may fill a gap in a chain: DER, or PEM with one or more. */
  readonly intermediates?: readonly (Uint8Array | string)[]
  /** `web`: the rules of RFC 5280 for CAs and those of the CA/Browser Forum too. Default: `rfc5280`. */
  readonly profile?: 'rfc5280' | 'web'
  /** Signature algorithms beside the provider's, and before them: national ones, old ones for tests. */
  readonly signatures?: readonly CertificateVerifier[]
  /** Whether signatures by the provider's optional schemes count too: Ed448, ML-DSA. Default: false. */
  readonly optionalSchemes?: boolean
  /** RSA keys with a shorter modulus are refused wherever they stand in a path. Default: 2048. */
  readonly minimumRsaBits?: number
  /**
   * Whether an end entity that is itself among the anchors is believed, as a self-signed server certificate that was given as root: always,
   * only where it signed itself, or never. Default: `accept`.
   */
  readonly anchorAsEndEntity?: 'accept' | 'self-signed' | 'refuse'
  /** Whether certificates are asked for that were revoked, and what is known of that. Default: `{ mode: 'off' }`. */
  readonly revocation?: RevocationOptions
  readonly limits?: Partial<PathLimits>
}

/** What is asked of one chain. */
export interface ChainRequest {
  /** Milliseconds since 1970. */
  readonly now: number
  /** TLS server or client, anything, or the dotted OID of an extended key usage. */
  readonly purpose: 'server' | 'client' | 'any' | (string & {})
  /** A DNS name (internationalised ones as A-labels) or an IP address. Left out: any. */
  readonly name?: string
  /** What the end entity must be good for, where it has keyUsage. */
  readonly keyUsage?: readonly KeyUsage[]
  /** The OCSP response stapled for the end entity, DER. */
  readonly ocsp?: Uint8Array
  /** Serialised SCTs that came beside the certificate (RFC 6962 §3.3.1). */
  readonly scts?: readonly Uint8Array[]
  /** CRLs, and OCSP responses for any certificate of the path, that were fetched for this chain: DER. */
  readonly crls?: readonly Uint8Array[]
  readonly fetchedOcsp?: readonly Uint8Array[]
}

export type ChainOptions = ValidatorOptions & ChainRequest

export interface VerifiedChain extends Findings {
  /** The end entity first, then whoever issued it, and so on, up to the certificate that the anchor issued. */
  readonly path: readonly Certificate[]
  readonly anchor: TrustAnchor
}

/**
 * Validates a chain (RFC 5280 §6): the end entity first, the others in any order; those that do not belong to it do no harm. Throws a
 * `CertificateError` that names the certificate and the broken rule, and `TypeError` for options that can't be.
 */
export function verifyChain(chain: readonly Uint8Array[], options: ChainOptions): VerifiedChain {
  return new ChainValidator(options).validate(chain, options).verified
}

/** A verdict, and what the chain was read as. Where a validator has a cache, both may be those of the next peer too. */
export interface Validated {
  readonly verified: VerifiedChain
  /** In the order of the chain; `undefined` for what can't be read. */
  readonly sent: readonly (Certificate | undefined)[]
}

/** A verdict with the time that it has seen. */
export interface RememberedVerdict {
  readonly validated: Validated
  readonly moment: Moment
}

/** What is believed, read once. */
export class ChainValidator {
  readonly #options: ValidatorOptions
  readonly #anchors: ReadonlyMap<string, readonly Anchor[]>
  readonly #intermediates: readonly Link[]
  readonly #verifiers: Verifiers
  readonly #revocation: RevocationEvidence | undefined
  readonly #limits: PathLimits
  readonly #cache: ChainCache<RememberedVerdict> | undefined

  /** Throws `TypeError` where an option is malformed. Without `cache` nothing is remembered. */
  constructor(options: ValidatorOptions, cache?: ChainCache<RememberedVerdict>) {
    const { crypto, optionalSchemes = false, signatures = [], profile = 'rfc5280' } = options
    if (profile !== 'rfc5280' && profile !== 'web') throw new TypeError(`the profile is "rfc5280" or "web", not ${String(profile)}`)
    const { anchorAsEndEntity = 'accept' } = options
    if (!['accept', 'self-signed', 'refuse'].includes(anchorAsEndEntity)) {
      throw new TypeError(`anchorAsEndEntity is "accept", "self-signed" or "refuse", not ${anchorAsEndEntity}`)
    }
    for (const policy of options.policies?.initial ?? []) {
      if (!isOid(policy)) throw new TypeError(`policies.initial has dotted object identifiers, not ${JSON.stringify(policy)}`)
    }
    if (!(options.pins ?? []).every(pin => pin instanceof Uint8Array && pin.length === 32)) {
      throw new TypeError('pins are SHA-256 hashes, 32 bytes each')
    }
    this.#options = ownOptions(options)
    this.#anchors = indexAnchors(options.anchors)
    this.#intermediates = (options.intermediates ?? [])
      .flatMap(certificateList)
      .map((der, i) => ({ certificate: parseOwn(der, `intermediate ${i}`), label: `intermediate ${i}` }))
    this.#verifiers = verifiersOf(crypto, optionalSchemes, [...signatures])
    // The Baseline Requirements have every CRL numbered.
    this.#revocation = options.revocation && readRevocation({ requireCrlNumber: profile === 'web', ...options.revocation })
    // What the caller has chosen must not be missing without a word; what was fetched for one chain is the network's.
    const [unreadable] = this.#revocation?.problems ?? []
    if (unreadable !== undefined) throw new TypeError(`revocation: ${unreadable}`)
    this.#limits = limitsOf(options.limits)
    this.#cache = cache
  }

  get hasAnchors(): boolean {
    return this.#anchors.size > 0
  }

  /** `tls`: whether the end entity is to sign TLS handshakes. */
  validate(chain: readonly Uint8Array[], request: ChainRequest, tls = false): Validated {
    const circumstances = this.#circumstances(request, tls)
    if (!chain.every(der => der instanceof Uint8Array)) throw new TypeError('the certificates of a chain are DER, each a Uint8Array')
    const about = this.#cache ? subjectMatter(circumstances) : ''
    const known = this.#cache?.verdicts.get(about, chain)
    if (known?.moment.covers(request.now)) return known.validated
    // From here on nothing is read that somebody else could write to.
    const own = chain.map(copyOf)
    const draft = new Draft(this.#cache)
    const validated = this.#validate(own, circumstances, request, draft)
    draft.keep(validated.verified.path)
    this.#remember(about, own, validated, circumstances.moment)
    return validated
  }

  #validate(chain: readonly Uint8Array[], circumstances: Circumstances, request: ChainRequest, draft: Draft): Validated {
    const [first, ...rest] = chain
    if (!first) throw new TypeError('a chain has at least one certificate')
    const leaf: Link = { certificate: draft.read(first, 0), label: 'certificate 0' }
    const { sent: others, malformed } = readOthers(rest, draft)
    const links = others.flatMap((certificate, i) => (certificate ? { certificate, label: `certificate ${i + 1}` } : []))
    try {
      const verified = this.#find(leaf, [...links, ...this.#intermediates], circumstances, request, draft)
      return { verified, sent: [leaf.certificate, ...others] }
    } catch (error) {
      // What can't be read may be what is missing.
      throw malformed && error instanceof CertificateError && error.code === 'issuer-unknown' ? malformed : error
    }
  }

  /**
   * A verdict is remembered where chain, options, name, purpose and a span of time are all that it hangs on. Revocation and transparency go by
   * what came with the chain and by the age of it, signatures of the caller's own by nobody knows what: they are judged each time.
   */
  #remember(about: string, chain: readonly Uint8Array[], validated: Validated, moment: Moment): void {
    const { signatures = [], transparency } = this.#options
    if (this.#revocation || transparency || signatures.length > 0) return
    this.#cache?.verdicts.set(about, chain, { validated, moment })
  }

  #find(leaf: Link, others: readonly Link[], circumstances: Circumstances, request: ChainRequest, draft: Draft): VerifiedChain {
    let findings: Findings | undefined
    const verifiers = draft.remembering(this.#verifiers)
    const search = {
      ...circumstances,
      leaf,
      intermediates: bySubject(others),
      anchors: this.#anchors,
      anchorAsEndEntity: this.#options.anchorAsEndEntity ?? 'accept',
      verifiers,
      budget: new Budget(this.#limits),
    }
    const { moment } = circumstances
    const { ocsp, scts } = request
    const evidence = { moment, ocsp, scts, revocation: this.#evidenceOf(request), schemes: verifiers.schemes }
    const { path, anchor } = findPath({
      ...search,
      judge: found => {
        findings = judgePath(found, this.#options, { ...evidence, surroundings: ({ anchor }) => surroundings(search, anchor) })
      },
    })
    if (!findings) throw new Error('a path was found that nobody judged')
    return { path: path.map(({ certificate }) => certificate), anchor: anchor.source, ...findings }
  }

  /** What is known beforehand, and what was fetched for this chain. */
  #evidenceOf({ crls = [], fetchedOcsp = [] }: ChainRequest): RevocationEvidence | undefined {
    const known = this.#revocation
    if (!known || crls.length + fetchedOcsp.length === 0) return known
    const more = readRevocation({ ...known.options, crls, ocsp: fetchedOcsp })
    return {
      options: known.options,
      crls: [...known.crls, ...more.crls],
      responses: [...known.responses, ...more.responses],
      problems: [...known.problems, ...more.problems],
    }
  }

  #circumstances({ name, now, purpose, keyUsage = [] }: ChainRequest, tls: boolean): Circumstances {
    if (!Number.isFinite(now)) throw new TypeError(`the time is a number of milliseconds since 1970, not ${now}`)
    const { profile = 'rfc5280', minimumRsaBits = 2048 } = this.#options
    return {
      name: name === undefined ? undefined : referenceName(name),
      moment: new Moment(now),
      purpose: purposeOid(purpose),
      keyUsage,
      tls,
      profile,
      minimumRsaBits,
      revocation: this.#revocation !== undefined && this.#revocation.options.mode !== 'off',
    }
  }
}

/** Certificates beside the end entity. One that is malformed issues nothing, but need not be needed. */
function readOthers(
  ders: readonly Uint8Array[],
  draft: Draft,
): Pick<Validated, 'sent'> & { readonly malformed: CertificateError | undefined } {
  let malformed: CertificateError | undefined
  const sent = ders.map((der, i) => {
    try {
      return draft.read(der, i + 1)
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error
      malformed ??= error
      return undefined
    }
  })
  return { sent, malformed }
}

/** What a verdict on one chain is about, beside time. */
function subjectMatter({ name, purpose, keyUsage, tls }: Circumstances): string {
  const host = name?.type === 'ip' ? [...name.address] : name?.name
  return JSON.stringify([host, purpose, keyUsage, tls])
}

/** As they are now: a verdict that is remembered must not outlive a change of what it went by. */
function ownOptions({ pins, policies, ...rest }: ValidatorOptions): ValidatorOptions {
  return {
    ...rest,
    ...(pins && { pins: pins.map(copyOf) }),
    ...(policies && { policies: { ...policies, ...(policies.initial && { initial: [...policies.initial] }) } }),
  }
}

/** Whoever signs CRLs for the path to `anchor` is found among the same certificates, and has to lead to the same anchor. */
function surroundings(search: Omit<PathRequest, 'judge'>, anchor: Anchor): ReturnType<Evidence['surroundings']> {
  const { leaf, intermediates, anchors, verifiers, budget } = search
  const signer = { ...search, anchors: new Map([[anchor.subject.key, [anchor]]]), ...asSigner, judge: () => {} }
  return {
    signedBy(signed, key) {
      const verify = verifierOf(verifiers, signed, key)
      if (!verify) return false
      budget.signature()
      return verify()
    },
    signers({ key }) {
      const roots = (anchors.get(key) ?? []).flatMap(({ certificate }) => certificate ?? [])
      const sent = [...(intermediates.get(key) ?? []), ...(leaf.certificate.subject.key === key ? [leaf] : [])]
      return [...sent.map(({ certificate }) => certificate), ...roots]
    },
    trustedPath(certificate) {
      try {
        const found = findPath({ ...signer, leaf: { certificate, label: 'the signer of a CRL' } })
        return found.path.map(link => link.certificate)
      } catch (error) {
        if (!(error instanceof CertificateError) || error.code === 'certificate-budget') throw error
        return undefined
      }
    },
  }
}

/** What is asked of a signer of CRLs, in the place of what is asked of the peer. What its key may be used for revocation itself looks at. */
const asSigner: Pick<Circumstances, 'name' | 'purpose' | 'keyUsage' | 'tls' | 'profile'> = {
  name: undefined,
  purpose: undefined,
  keyUsage: [],
  tls: false,
  profile: 'rfc5280',
}

function bySubject(links: readonly Link[]): ReadonlyMap<string, readonly Link[]> {
  const index = new Map<string, Link[]>()
  for (const link of links) {
    const { key } = link.certificate.subject
    const same = index.get(key)
    if (same) same.push(link)
    else index.set(key, [link])
  }
  return index
}

function purposeOid(purpose: string): string | undefined {
  if (purpose === 'server') return serverAuth
  if (purpose === 'client') return clientAuth
  if (purpose === 'any') return undefined
  if (isOid(purpose)) return purpose
  throw new TypeError(`the purpose is "server", "client", "any" or the OID of an extended key usage, not ${JSON.stringify(purpose)}`)
}

function isOid(text: string): boolean {
  return /^[0-2](\.\d+)+$/.test(text)
}
