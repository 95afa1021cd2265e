/** Cryptography by itself: what a provider is, and what is built on one without TLS. The providers are `tassel/crypto/node`, `/wasm` and `/noble`. */
export {
  type CipherSuiteParts,
  cipherSuiteNames,
  cipherSuites,
  codePointOf,
  groupNames,
  type NamedGroupParts,
  namedGroups,
  signatureSchemeNames,
} from './crypto/code-points.ts'
export { constantTimeEqual } from './crypto/constant-time.ts'
export * from './crypto/provider.ts'
export { hkdfExpand, hkdfExpandLabel, hkdfExtract } from './schedule/hkdf.ts'
