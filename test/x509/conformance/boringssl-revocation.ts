/** BoringSSL's cases of CRLs and OCSP responses: a certificate, its issuers and an answer each. */
import { createPublicKey, verify } from 'node:crypto'
import type { CertificateVerifier, CryptoProvider } from '../../../src/crypto/provider.ts'
import { equal } from '../../../src/wire/bytes.ts'
import { type DerReader, type DerValue, encode, encodeOid, readDer, tags } from '../../../src/wire/der.ts'
import { type ChainOptions, verifyChain } from '../../../src/x509/index.ts'
import { sha1Verifiers } from './legacy-signatures.ts'
import { outcome, verdictOf } from './verdict.ts'

/** What an answer says of a certificate. `unknown`: nothing that could be relied on. */
export type Status = 'good' | 'revoked' | 'unknown'

export interface RevocationCase {
  readonly leaf: Uint8Array
  /** Whoever issued the end entity, whoever issued that, and so on; the last one is the anchor. */
  readonly issuers: readonly Uint8Array[]
  readonly crls?: readonly Uint8Array[]
  readonly ocsp?: readonly Uint8Array[]
  readonly now: number
}

/** BoringSSL’s tests let an answer be a week old. */
const maximumAge = 7 * 86_400_000

/** What comes of a case in a validation that wants an answer for the end entity: its status, or the code of another refusal. */
export function statusOf({ leaf, issuers, crls = [], ocsp = [], now }: RevocationCase, crypto: CryptoProvider): string {
  const authorities = issuers.map(asAuthority)
  const certificates = authorities.map(({ certificate }) => certificate)
  const options: ChainOptions = {
    crypto,
    anchors: certificates.slice(-1),
    now,
    purpose: 'any',
    minimumRsaBits: 1024,
    signatures: [...sha1Verifiers, verifierOfOriginals(authorities)],
    revocation: { mode: 'hard', scope: 'leaf', maximumAge },
    crls,
    fetchedOcsp: ocsp,
  }
  const found = outcome(verdictOf(() => verifyChain([leaf, ...certificates.slice(0, -1)], options)))
  return statuses[found] ?? found
}

const statuses: Readonly<Record<string, Status>> = {
  accepted: 'good',
  'certificate-revoked': 'revoked',
  'revocation-unknown': 'unknown',
}

interface Authority {
  readonly certificate: Uint8Array
  /** Its signed part, and the one that was signed in truth. */
  readonly signed: Uint8Array
  readonly original: Uint8Array
}

/** An issuer with basicConstraints, which most of the files do not have: their tests look at the answers alone. */
function asAuthority(certificate: Uint8Array): Authority {
  const [original, ...rest] = valuesIn(readDer(certificate))
  if (!original) throw new Error('a certificate without contents')
  const fields = valuesIn(original)
  const present = fields.find(({ tag }) => tag === extensionsTag)
  const own = present ? valuesIn(present.inner()).map(({ raw }) => raw) : []
  const isAuthority = own.some(extension => Buffer.from(extension).includes(Buffer.from(basicConstraintsId)))
  const extensions = encode(extensionsTag, encode(tags.sequence, ...own, ...(isAuthority ? [] : [basicConstraints])))
  const signed = encode(tags.sequence, ...fields.filter(field => field !== present).map(({ raw }) => raw), extensions)
  return { certificate: encode(tags.sequence, signed, ...rest.map(({ raw }) => raw)), signed, original: original.raw }
}

/** sha256WithRSAEncryption by node:crypto, for the certificates as they were signed. */
function verifierOfOriginals(authorities: readonly Authority[]): CertificateVerifier {
  return {
    algorithm: '1.2.840.113549.1.1.11',
    verify(_algorithm, spki, message, signature) {
      const changed = authorities.find(({ signed }) => equal(signed, message))
      const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
      return verify('sha256', changed?.original ?? message, key, signature)
    },
  }
}

const extensionsTag = 0xa3
const basicConstraintsId = encodeOid('2.5.29.19')
const basicConstraints = encode(
  tags.sequence,
  basicConstraintsId,
  encode(tags.boolean, Uint8Array.of(0xff)),
  encode(tags.octetString, encode(tags.sequence, encode(tags.boolean, Uint8Array.of(0xff)))),
)

function valuesIn(value: DerValue): DerValue[] {
  const found: DerValue[] = []
  for (const reader: DerReader = value.contents(); !reader.done; ) found.push(reader.next())
  return found
}
