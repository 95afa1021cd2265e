/**
 * For tests, examples and the command line: certificates, requests, revocation lists, OCSP responses and CT logs, all made on the spot.
 *
 *     const root = await mintAuthority()
 *     const intermediate = await root.issueAuthority({ pathLength: 0 })
 *     const server = await intermediate.issue({ names: ['localhost', '127.0.0.1'] })
 *     const crl = await intermediate.crl({ revoked: [{ revoked: server, reason: 'keyCompromise' }] })
 *     const staple = await intermediate.ocsp({ certificates: [{ certificate: server, status: 'revoked' }] })
 */
export type { CrlReason } from '../x509/revocation/crl-entries.ts'
export * from './certificates.ts'
export { type CrlEntry, type CrlOptions, type IssuingDistributionPointOrder, type MintedCrl, mintCrl } from './crl.ts'
export * from './ct.ts'
export type { RawExtension } from './der.ts'
export type { DistributionPointOrder, ExtensionOptions, MintedPurpose } from './extensions.ts'
export { generateKeyPair, importKeyPair, type KeyOrder, type KeyPair } from './keys.ts'
export type { CertificateOptions, Minted, MintedCertificate } from './make.ts'
export type { DistinguishedNameOrder, GeneralNameOrder } from './names.ts'
export { mintOcspFailure, mintOcspResponse, type OcspAnswer, type OcspFailure, type OcspOptions } from './ocsp.ts'
export { type MintedRequest, mintRequest, type RequestOptions } from './requests.ts'
