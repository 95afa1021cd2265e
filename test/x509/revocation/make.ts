/** CRLs and OCSP responses to order, also such as nobody would issue, and a verdict on them. See ../build.ts for certificates. */
import { createHash, sign } from 'node:crypto'
import { createNodeProvider } from '../../../src/crypto/node.ts'
import { bitString, constructedTag, contextTag, encode, encodeOid, readDer, sequence, tags } from '../../../src/wire/der.ts'
import { type Certificate, parseCertificate } from '../../../src/x509/certificate/certificate.ts'
import { sameName } from '../../../src/x509/certificate/distinguished-name.ts'
import { verifyChain } from '../../../src/x509/chain.ts'
import { CertificateError } from '../../../src/x509/error.ts'
import { verifierOf, verifiersOf } from '../../../src/x509/path/signed.ts'
import { checkRevocation, type RevocationOptions, type RevocationStatus, readRevocation } from '../../../src/x509/revocation/revocation.ts'
import {
  type Built,
  basicConstraints,
  build,
  ecdsaSha256,
  extension,
  generalized,
  keyUsage,
  leafExtensions,
  name,
  now,
  type Order,
  utc,
} from '../build.ts'

export const crypto = createNodeProvider()

export function number(value: number | Uint8Array, tag: number = tags.integer): Uint8Array {
  return encode(tag, typeof value === 'number' ? Uint8Array.of(value) : value)
}

// ── Certificates ────────────────────────────────────────────────────────────────────────────────────────────────────

/** A CA that may sign CRLs. */
export function authority(order: Order & { readonly more?: readonly Uint8Array[] } = {}, issuer?: Built): Built {
  const extensions = [basicConstraints(true), keyUsage('keyCertSign', 'cRLSign'), ...(order.more ?? [])]
  return build({ subject: 'Root', serial: number(1), extensions, ...order }, issuer)
}

export function endEntity(issuer: Built, serial = 7, more: readonly Uint8Array[] = [], order: Order = {}): Built {
  return build({ subject: 'leaf', serial: number(serial), extensions: leafExtensions(more), ...order }, issuer)
}

export interface PointOrder {
  /** URI, or DistributionPointName. */
  readonly at?: string | Uint8Array
  /** Bit numbers of ReasonFlags. */
  readonly reasons?: readonly number[]
  readonly crlIssuer?: string
}

export function crlDistributionPoints(...points: readonly PointOrder[]): Uint8Array {
  return extension('2.5.29.31', encode(tags.sequence, ...points.map(point => encode(tags.sequence, ...pointFields(point)))))
}

function pointFields({ at, reasons, crlIssuer }: PointOrder): Uint8Array[] {
  return [
    ...(at === undefined ? [] : [encode(constructedTag(0), pointName(at))]),
    ...(reasons ? [flags(reasons, contextTag(1))] : []),
    ...(crlIssuer === undefined ? [] : [encode(constructedTag(2), directory(crlIssuer))]),
  ]
}

function pointName(at: string | Uint8Array): Uint8Array {
  return typeof at === 'string' ? encode(constructedTag(0), encode(contextTag(6), Buffer.from(at))) : at
}

/** nameRelativeToCRLIssuer: one common name. */
export function relative(commonName: string): Uint8Array {
  const attribute = encode(tags.sequence, encodeOid('2.5.4.3'), encode(tags.utf8String, Buffer.from(commonName)))
  return encode(constructedTag(1), attribute)
}

export function fullName(...names: readonly Uint8Array[]): Uint8Array {
  return encode(constructedTag(0), ...names)
}

export function directory(subject: string | Uint8Array): Uint8Array {
  return encode(constructedTag(4), name(subject))
}

function flags(bits: readonly number[], tag: number): Uint8Array {
  const octets = Uint8Array.of(0, 0)
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7))
  const used = octets[1] === 0 ? octets.subarray(0, 1) : octets
  const last = used.at(-1) ?? 0
  return encode(tag, Uint8Array.of(31 - Math.clz32(last & -last)), used)
}

// ── CRLs ────────────────────────────────────────────────────────────────────────────────────────────────────────────

type Signer = Pick<Built, 'subject' | 'keys'>

export interface CrlOrder {
  readonly version?: Uint8Array | null
  readonly issuer?: string | Uint8Array
  readonly algorithm?: Uint8Array
  readonly outerAlgorithm?: Uint8Array
  readonly thisUpdate?: Uint8Array
  readonly nextUpdate?: Uint8Array | null
  readonly entries?: readonly Uint8Array[]
  /** `null`: none at all. */
  readonly extensions?: readonly Uint8Array[] | null
  /** Behind everything. */
  readonly more?: readonly Uint8Array[]
}

/** By default of today, until next week, of version 2, number 5, and nobody is revoked. */
export function crl(signer: Signer, order: CrlOrder = {}): Uint8Array {
  const { version = number(1), algorithm = ecdsaSha256, thisUpdate = utc('260601000000Z'), nextUpdate = utc('260608000000Z') } = order
  const { entries = [], extensions = [crlNumber(5)], more = [] } = order
  const signed = encode(
    tags.sequence,
    ...(version ? [version] : []),
    algorithm,
    name(order.issuer ?? signer.subject),
    thisUpdate,
    ...(nextUpdate ? [nextUpdate] : []),
    ...(entries.length > 0 ? [encode(tags.sequence, ...entries)] : []),
    ...(extensions ? [encode(constructedTag(0), encode(tags.sequence, ...extensions))] : []),
    ...more,
  )
  return encode(tags.sequence, signed, order.outerAlgorithm ?? algorithm, signature(signer, signed))
}

export function signature({ keys }: Pick<Built, 'keys'>, signed: Uint8Array): Uint8Array {
  return encode(tags.bitString, Uint8Array.of(0), sign('sha256', signed, keys.privateKey))
}

export const reasons = { keyCompromise: 1, certificateHold: 6, removeFromCRL: 8 }

export interface EntryOrder {
  readonly date?: Uint8Array
  readonly reason?: keyof typeof reasons
  /** certificateIssuer. */
  readonly issuer?: string | Uint8Array
  readonly extensions?: readonly Uint8Array[]
}

export function entry(
  serial: number | Uint8Array,
  { date = utc('260501000000Z'), reason, issuer, extensions = [] }: EntryOrder = {},
): Uint8Array {
  const all = [
    ...(reason ? [extension('2.5.29.21', encode(tags.enumerated, Uint8Array.of(reasons[reason])))] : []),
    ...(issuer === undefined ? [] : [extension('2.5.29.29', encode(tags.sequence, directory(issuer)), true)]),
    ...extensions,
  ]
  return encode(tags.sequence, number(serial), date, ...(all.length > 0 ? [encode(tags.sequence, ...all)] : []))
}

export function crlNumber(value: number | Uint8Array, critical = false): Uint8Array {
  return extension('2.5.29.20', number(value), critical)
}

export function deltaCrlIndicator(base: number): Uint8Array {
  return extension('2.5.29.27', number(base), true)
}

export interface ScopeOrder extends Pick<PointOrder, 'at' | 'reasons'> {
  readonly only?: 'user' | 'ca' | 'attribute'
  readonly indirect?: boolean
}

export function issuingDistributionPoint({ at, reasons, only, indirect }: ScopeOrder): Uint8Array {
  const yes = (tag: number) => encode(contextTag(tag), Uint8Array.of(0xff))
  const fields = [
    ...(at === undefined ? [] : [encode(constructedTag(0), pointName(at))]),
    ...(only === 'user' ? [yes(1)] : []),
    ...(only === 'ca' ? [yes(2)] : []),
    ...(reasons ? [flags(reasons, contextTag(3))] : []),
    ...(indirect ? [yes(4)] : []),
    ...(only === 'attribute' ? [yes(5)] : []),
  ]
  return extension('2.5.29.28', encode(tags.sequence, ...fields), true)
}

// ── OCSP responses ──────────────────────────────────────────────────────────────────────────────────────────────────

export interface AnswerOrder {
  readonly issuer: Built
  readonly serial?: number
  /** CertStatus. */
  readonly status?: Uint8Array
  readonly thisUpdate?: Uint8Array
  readonly nextUpdate?: Uint8Array | null
  readonly hash?: keyof typeof hashIds
  readonly extensions?: readonly Uint8Array[]
}

export interface OcspOrder {
  readonly answers: readonly AnswerOrder[]
  readonly responder?: Uint8Array
  readonly producedAt?: Uint8Array
  readonly extensions?: readonly Uint8Array[]
  readonly certificates?: readonly Uint8Array[]
  readonly type?: string
}

const hashIds = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
}

export const good = encode(contextTag(0))
export const unknown = encode(contextTag(2))
export const revoked = encode(constructedTag(1), generalized('20260501000000Z'), encode(constructedTag(0), number(1, tags.enumerated)))

/** By default of today, until next week. */
export function ocsp(signer: Built, order: OcspOrder): Uint8Array {
  const { responder = byName(signer), producedAt = generalized('20260601060000Z'), extensions = [], certificates = [] } = order
  const signed = encode(
    tags.sequence,
    responder,
    producedAt,
    encode(tags.sequence, ...order.answers.map(answer)),
    ...optionalExtensions(extensions),
  )
  const attached = certificates.length > 0 ? [encode(constructedTag(0), encode(tags.sequence, ...certificates))] : []
  const basic = encode(tags.sequence, signed, ecdsaSha256, signature(signer, signed), ...attached)
  const bytes = encode(tags.sequence, encodeOid(order.type ?? '1.3.6.1.5.5.7.48.1.1'), encode(tags.octetString, basic))
  return encode(tags.sequence, number(0, tags.enumerated), encode(constructedTag(0), bytes))
}

export function byName({ subject }: Built): Uint8Array {
  return encode(constructedTag(1), subject)
}

export function byKey(built: Built): Uint8Array {
  return encode(constructedTag(2), encode(tags.octetString, createHash('sha1').update(keyBits(built)).digest()))
}

function answer(order: AnswerOrder): Uint8Array {
  const { issuer, serial = 7, status = good, thisUpdate = generalized('20260601000000Z'), hash = 'sha1', extensions = [] } = order
  const { nextUpdate = generalized('20260608000000Z') } = order
  const digest = (bytes: Uint8Array) => encode(tags.octetString, createHash(hash).update(bytes).digest())
  const algorithm = encode(tags.sequence, encodeOid(hashIds[hash]), encode(tags.null))
  const certId = encode(tags.sequence, algorithm, digest(issuer.subject), digest(keyBits(issuer)), number(serial))
  const next = nextUpdate ? [encode(constructedTag(0), nextUpdate)] : []
  return encode(tags.sequence, certId, status, thisUpdate, ...next, ...optionalExtensions(extensions))
}

function optionalExtensions(extensions: readonly Uint8Array[]): Uint8Array[] {
  return extensions.length > 0 ? [encode(constructedTag(1), encode(tags.sequence, ...extensions))] : []
}

function keyBits({ der }: Built): Uint8Array {
  const fields = sequence(readDer(parseCertificate(der).publicKey.raw))
  fields.next()
  return bitString(fields.next())
}

// ── The verdict ─────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Scene {
  /** End entity first, without the root. */
  readonly chain: readonly Built[]
  readonly root: Built
  /** Other certificates at hand. */
  readonly others?: readonly Built[]
  readonly stapled?: Uint8Array
  readonly now?: number
}

export interface Outcome {
  readonly statuses: readonly RevocationStatus[]
  readonly error: CertificateError | undefined
  /** How many signatures were verified. */
  readonly signatures: number
}

/** What is found, in mode `hard` where nothing else is said. */
export function judge(scene: Scene, options: Partial<RevocationOptions>): Outcome {
  const root = parseCertificate(scene.root.der)
  const path = scene.chain.map(({ der }) => parseCertificate(der))
  const others = (scene.others ?? []).map(({ der }) => parseCertificate(der))
  const time = scene.now ?? now
  const verifiers = verifiersOf(crypto, false, [])
  let signatures = 0
  const context = {
    path,
    anchor: { subject: root.subject, publicKey: root.publicKey, certificate: root },
    now: time,
    stapled: scene.stapled,
    crypto,
    signedBy: (...[signed, key]: Parameters<Parameters<typeof checkRevocation>[1]['signedBy']>) => {
      signatures++
      return verifierOf(verifiers, signed, key)?.() ?? false
    },
    signers: (subject: Certificate['subject']) => [...path, ...others, root].filter(each => sameName(each.subject, subject)),
    trustedPath: (signer: Certificate) => {
      try {
        const chain = [signer, ...path, ...others].map(({ raw }) => raw)
        return verifyChain(chain, { crypto, anchors: [root.raw], now: time, purpose: 'any' }).path
      } catch (error) {
        if (error instanceof CertificateError) return undefined
        throw error
      }
    },
  }
  try {
    return { statuses: checkRevocation(readRevocation({ mode: 'hard', ...options }), context), error: undefined, signatures }
  } catch (error) {
    if (error instanceof CertificateError) return { statuses: [], error, signatures }
    throw error
  }
}

/** `good`, or the code of the error. */
export function verdict(scene: Scene, options: Partial<RevocationOptions>): string {
  return judge(scene, options).error?.code ?? 'good'
}
