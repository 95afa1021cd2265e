/** Certificates as Node.js shows them. */
import { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls'
import type { VerifiedPeer } from '../../types.ts'
import { verifiedChain } from '../../x509/index.ts'

export type { DetailedPeerCertificate, PeerCertificate } from 'node:tls'

/** The certificate as an object of Node.js; the fields are those that `node:tls` gives. */
export function legacyCertificate(der: Uint8Array): PeerCertificate {
  return new X509Certificate(der).toLegacyObject()
}

/** The same, and as `issuerCertificate` who issued it, up to a root, which is its own issuer; as far as they are known. */
export function detailedCertificate(line: readonly Uint8Array[]): DetailedPeerCertificate | undefined {
  let above: DetailedPeerCertificate | undefined
  for (const der of [...line].reverse()) {
    const object = legacyCertificate(der) as DetailedPeerCertificate
    if (above) object.issuerCertificate = above
    else if (isSelfIssued(new X509Certificate(der))) object.issuerCertificate = object
    above = object
  }
  return above
}

/** `X509Certificate` of the first, each with its `issuerCertificate`, as a TLS socket of Node.js gives it. */
export function x509Certificate(line: readonly Uint8Array[]): X509Certificate | undefined {
  let above: X509Certificate | undefined
  for (const der of [...line].reverse()) {
    const certificate = new X509Certificate(der)
    Object.defineProperty(certificate, 'issuerCertificate', { value: above, configurable: true })
    above = certificate
  }
  return above
}

/** The peer's certificate and its issuers in their order: those that were verified, or else those that were sent, as far as they fit. */
export function lineOf(peer: VerifiedPeer): readonly Uint8Array[] {
  if (peer.certificateType !== 'X509') return []
  const verified = verifiedChain(peer)
  if (verified) {
    const path = verified.path.map(({ raw }) => raw)
    const root = verified.anchor.certificate
    return root && !path.some(each => Buffer.from(each).equals(root)) ? [...path, root] : path
  }
  return sentLine(peer.chain)
}

/** The first certificate and those of the others that issued it, in their order. */
export function sentLine([leaf, ...others]: readonly Uint8Array[]): readonly Uint8Array[] {
  if (!leaf) return []
  const line = [leaf]
  const rest = others.flatMap(der => readable(der) ?? [])
  for (let top = new X509Certificate(leaf); !isSelfIssued(top); ) {
    const next = rest.findIndex(({ certificate }) => top.checkIssued(certificate))
    const [issuer] = next < 0 ? [] : rest.splice(next, 1)
    if (!issuer) break
    line.push(issuer.der)
    top = issuer.certificate
  }
  return line
}

/** What a peer sends beside its own certificate need not be one. */
function readable(der: Uint8Array): { readonly der: Uint8Array; readonly certificate: X509Certificate } | undefined {
  try {
    return { der, certificate: new X509Certificate(der) }
  } catch {
    return undefined
  }
}

function isSelfIssued(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate)
}
