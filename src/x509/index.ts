/** Certificates: whom to believe, and what to prove oneself with. */
export type { CertificateVerifier } from '../crypto/provider.ts'
export type { TrustStore, VerifiedPeer, VerifyRequest } from '../types.ts'
export type { KeyType, PublicKey, SignatureAlgorithm } from './algorithms.ts'
export { type TrustAnchor, trustAnchor } from './anchor.ts'
export type { PathLimits } from './budget.ts'
export { type Certificate, describeSubject, parseCertificate } from './certificate.ts'
export { type ChainOptions, type ChainRequest, type ValidatorOptions, type VerifiedChain, verifyChain } from './chain.ts'
export { type DistinguishedName, nameToText, sameName } from './distinguished-name.ts'
export type { DistributionPoint } from './distribution-points.ts'
export { CertificateError, type RevocationSources } from './error.ts'
export type {
  AuthorityInfoAccess,
  AuthorityKeyIdentifier,
  BasicConstraints,
  KeyUsage,
  PolicyConstraints,
  PolicyMapping,
} from './extension-values.ts'
export type { Extensions, SubjectAltName } from './extensions.ts'
export type { GeneralName } from './general-names.ts'
export { loadIdentity, privateKeyToPkcs8 } from './keys.ts'
export type { NameConstraints } from './name-constraints.ts'
export { type ReferenceName, referenceName } from './names.ts'
export { decodePem, encodePem, type PemBlock } from './pem.ts'
export type { PolicyInputs } from './policies.ts'
export { createTrustStore, type TrustStoreOptions } from './trust.ts'
export { acceptWithoutVerification, isVerifiedPeer } from './verdict.ts'
