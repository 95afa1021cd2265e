/** Which certificates of a PKCS#12 file belong to its key. */
import type { PrivateKey } from '../../crypto/provider.ts'
import { equal } from '../../wire/bytes.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { parseOwn } from '../own.ts'
import type { KeyDecryption } from './encrypted-key.ts'
import { type Pkcs12Entry, parsePkcs12 } from './pkcs12.ts'

/** The one key of the file, and its certificates: the key's own first, then its issuers upwards, then what else is there. Throws `TypeError`. */
export function identityFromPkcs12(
  pfx: Uint8Array,
  decryption: KeyDecryption,
): { readonly chain: readonly Uint8Array[]; readonly key: PrivateKey } {
  const { keys, certificates } = parsePkcs12(pfx, decryption)
  try {
    return fitting(keys, certificates, decryption)
  } finally {
    for (const { der } of keys) der.fill(0)
  }
}

function fitting(
  keys: readonly Pkcs12Entry[],
  certificates: readonly Pkcs12Entry[],
  decryption: KeyDecryption,
): ReturnType<typeof identityFromPkcs12> {
  const [first, ...more] = keys
  if (!first) throw new TypeError('there is no private key in the PKCS#12 file')
  if (more.length > 0) throw new TypeError(`there are ${keys.length} private keys in the PKCS#12 file, where one is wanted`)
  const key = decryption.crypto.importPrivateKey(first.der)
  const { candidates, fault } = readable(certificates.filter(isFirst))
  const leaf = ownCertificate(first, key, candidates)
  // The one that can't be read may have been the key's own.
  if (!leaf) throw fault ?? new TypeError(`none of the ${candidates.length} certificates in the PKCS#12 file belongs to its private key`)
  return { chain: inOrder(leaf, candidates).map(({ entry }) => entry.der), key }
}

interface Candidate {
  readonly entry: Pkcs12Entry
  readonly certificate: Certificate
}

/** Those that can be read, and what is wrong with the first other one: whatever else someone put in must not keep the key from its use. */
function readable(entries: readonly Pkcs12Entry[]): { readonly candidates: readonly Candidate[]; readonly fault: TypeError | undefined } {
  const candidates: Candidate[] = []
  let fault: TypeError | undefined
  for (const [i, entry] of entries.entries()) {
    try {
      candidates.push({ entry, certificate: parseOwn(entry.der, `certificate ${i} of the PKCS#12 file`) })
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      fault ??= error
    }
  }
  return { candidates, fault }
}

/** Several may fit where a certificate was renewed: what the file ties to the key comes first. */
function ownCertificate(
  { localKeyId, friendlyName }: Pkcs12Entry,
  { spki }: PrivateKey,
  candidates: readonly Candidate[],
): Candidate | undefined {
  const fitting = candidates.filter(({ certificate }) => !spki || equal(certificate.publicKey.raw, spki))
  return (
    fitting.find(({ entry }) => localKeyId !== undefined && entry.localKeyId === localKeyId) ??
    fitting.find(({ entry }) => friendlyName !== undefined && entry.friendlyName === friendlyName) ??
    fitting[0]
  )
}

/** Each certified by the next, as far as names tell; what is in no such line follows, since peers find their way. */
function inOrder(leaf: Candidate, candidates: readonly Candidate[]): Candidate[] {
  const chain: Candidate[] = []
  const rest = new Set(candidates)
  for (let next: Candidate | undefined = leaf; next; ) {
    const { issuer }: Certificate = next.certificate
    chain.push(next)
    rest.delete(next)
    next = [...rest].find(({ certificate }) => equal(certificate.subject.raw, issuer.raw))
  }
  return [...chain, ...rest]
}

/** For `filter`: no certificate twice. */
function isFirst({ der }: Pkcs12Entry, index: number, all: readonly Pkcs12Entry[]): boolean {
  return all.findIndex(other => equal(other.der, der)) === index
}
