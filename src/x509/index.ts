/** Certificates: whom to believe, and what to prove oneself with. */
export type { CertificateVerifier } from '../crypto/provider.ts'
export type { TrustStore, VerifiedPeer, VerifyRequest } from '../types.ts'
export type { CacheLimits } from './cache/chain-cache.ts'
export type { KeyType, PublicKey, SignatureAlgorithm } from './certificate/algorithms.ts'
export { type Certificate, describeSubject, extensionValue, parseCertificate } from './certificate/certificate.ts'
export { type DistinguishedName, nameToText, sameName } from './certificate/distinguished-name.ts'
export type { DistributionPoint } from './certificate/distribution-points.ts'
export type {
  AuthorityInfoAccess,
  AuthorityKeyIdentifier,
  BasicConstraints,
  KeyUsage,
  PolicyConstraints,
  PolicyMapping,
} from './certificate/extension-values.ts'
export type { Extensions, SubjectAltName } from './certificate/extensions.ts'
export type { GeneralName } from './certificate/general-names.ts'
export type { NameConstraints } from './certificate/name-constraints.ts'
export { type ChainOptions, type ChainRequest, type ValidatorOptions, type VerifiedChain, verifyChain } from './chain.ts'
export { type CtEvidence, type CtOptions, type CtResult, evaluateCt } from './ct/evaluate.ts'
export type { CtLogSource, CtLogState, PreviousOperator, TemporalInterval } from './ct/log-list.ts'
export { type CtLog, type CtLogList, ctLogs } from './ct/logs.ts'
export type { CtMinimum } from './ct/policy.ts'
export type { SignedCertificateTimestamp } from './ct/sct.ts'
export type { SctSource, SctStatus, SctVerdict } from './ct/verdict.ts'
export { CertificateError, type RevocationSources } from './error.ts'
export type { KeyDecryption } from './keys/encrypted-key.ts'
export { PrivateIdentity, PublicIdentity } from './keys/identity.ts'
export { type CertificateAndKey, type IdentitySource, loadIdentity, type Pkcs12File, privateKeyToPkcs8 } from './keys/keys.ts'
export { type Pkcs12Contents, type Pkcs12Entry, parsePkcs12 } from './keys/pkcs12.ts'
export { type TrustAnchor, trustAnchor } from './path/anchor.ts'
export type { PathLimits } from './path/budget.ts'
export { type ReferenceName, referenceName } from './path/names.ts'
export type { PolicyInputs } from './path/policies.ts'
export { decodePem, encodePem, type PemBlock } from './pem.ts'
export { type CertificateList, parseCrl } from './revocation/crl.ts'
export { type BasicOcspResponse, type OcspResponse, parseOcspResponse, type SingleResponse } from './revocation/ocsp.ts'
export { createOcspRequest } from './revocation/ocsp-request.ts'
export { type RevocationOptions, type RevocationStatus, revocationSources } from './revocation/revocation.ts'
export { createTrustStore, type FirstUse, type TrustStoreOptions } from './trust.ts'
export { acceptWithoutVerification, isVerifiedPeer, verifiedChain } from './verdict.ts'
