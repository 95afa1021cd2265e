import type { CryptoProvider, Hash } from '../crypto/provider.ts'
import type { ConnectionInfo } from '../types.ts'
import { parseCertificate } from '../x509/certificate/certificate.ts'

/**
 * The binding `tls-server-end-point` (RFC 5929 §4.1): the hash of the server's certificate, by the hash of its signature. Throws
 * `TypeError` where there is no certificate, or its signature has no hash of its own that is at hand.
 */
export function serverEndPoint(crypto: CryptoProvider, role: 'client' | 'server', { peer, localIdentity }: ConnectionInfo): Uint8Array {
  const [leaf] = (role === 'client' ? peer?.chain : localIdentity?.chain) ?? []
  if (!leaf) throw new TypeError("tls-server-end-point needs the server's certificate, which this handshake has not shown")
  const { oid } = parseCertificate(leaf).signatureAlgorithm
  const name = hashNames.get(oid)
  const hash = crypto.cipherSuites.map((suite): Hash => suite.hash).find(each => each.name === name)
  if (!hash) throw new TypeError(`tls-server-end-point is not defined here for a certificate that is signed with ${oid}`)
  return hash.create().update(leaf).digest()
}

/** Signature algorithms by OID, and the hash that the binding uses with them: SHA-256 in the place of weaker ones. */
const hashNames: ReadonlyMap<string, Hash['name']> = new Map([
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.113549.1.1.5', 'sha256'],
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
])
