/** Certificates: whom to believe, and what to prove oneself with. */
export type { CertificateVerifier } from '../crypto/provider.ts'
export type { TrustStore, VerifiedPeer, VerifyRequest } from '../types.ts'
export type { KeyType, PublicKey, SignatureAlgorithm } from './algorithms.ts'
export { type TrustAnchor, trustAnchor } from './anchor.ts'
export type { PathLimits } from './budget.ts'
export { type Certificate, describeSubject, parseCertificate } from './certificate.ts'
export { type ChainOptions, type ChainRequest, type ValidatorOptions, type VerifiedChain, verifyChain } from './chain.ts'
export { type CertificateList, parseCrl } from './crl.ts'
export { type CtEvidence, type CtOptions, type CtResult, evaluateCt } from './ct/evaluate.ts'
export type { CtLogState } from './ct/log-list.ts'
export { type CtLog, type CtLogList, type CtLogSource, ctLogs, type PreviousOperator, type TemporalInterval } from './ct/logs.ts'
export type { CtMinimum } from './ct/policy.ts'
export type { SignedCertificateTimestamp } from './ct/sct.ts'
export type { SctSource, SctStatus, SctVerdict } from './ct/verdict.ts'
export { type DistinguishedName, nameToText, sameName } from './distinguished-name.ts'
export type { DistributionPoint } from './distribution-points.ts'
export type { KeyDecryption } from './encrypted-key.ts'
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
export { PrivateIdentity, PublicIdentity } from './identity.ts'
export { type CertificateAndKey, type IdentitySource, loadIdentity, type Pkcs12File, privateKeyToPkcs8 } from './keys.ts'
export type { NameConstraints } from './name-constraints.ts'
export { type ReferenceName, referenceName } from './names.ts'
export { type BasicOcspResponse, type OcspResponse, parseOcspResponse, type SingleResponse } from './ocsp.ts'
export { createOcspRequest } from './ocsp-request.ts'
export { decodePem, encodePem, type PemBlock } from './pem.ts'
export { type Pkcs12Contents, type Pkcs12Entry, parsePkcs12 } from './pkcs12.ts'
export type { PolicyInputs } from './policies.ts'
export { type RevocationOptions, type RevocationStatus, revocationSources } from './revocation.ts'
export { createTrustStore, type FirstUse, type TrustStoreOptions } from './trust.ts'
export { acceptWithoutVerification, isVerifiedPeer, verifiedChain } from './verdict.ts'
