import { describe, expect, it } from 'vitest'
import { resolveNames } from '../../src/cli/names.ts'
import { UsageError } from '../../src/cli/usage.ts'
import { cipherSuiteNames, groupNames, signatureSchemeNames } from '../../src/crypto/code-points.ts'

describe('Names on the command line', () => {
  const known = [...groupNames.values(), ...cipherSuiteNames.values(), ...signatureSchemeNames.values()]

  it.each([
    ['P-256', 'secp256r1'],
    ['prime256v1', 'secp256r1'],
    ['SECP384R1', 'secp384r1'],
    ['p521', 'secp521r1'],
    ['X25519', 'x25519'],
    ['x25519mlkem768', 'X25519MLKEM768'],
    ['tls_aes_128_gcm_sha256', 'TLS_AES_128_GCM_SHA256'],
    ['AES-256-GCM', 'TLS_AES_256_GCM_SHA384'],
    ['aes-128-ccm', 'TLS_AES_128_CCM_SHA256'],
    ['AES-128-CCM-8', 'TLS_AES_128_CCM_8_SHA256'],
    ['chacha20-poly1305', 'TLS_CHACHA20_POLY1305_SHA256'],
    ['ECDSA+SHA384', 'ecdsa_secp384r1_sha384'],
    ['RSA-PSS+SHA256', 'rsa_pss_rsae_sha256'],
    ['Ed25519', 'ed25519'],
  ])('%s means %s', (name, iana) => {
    expect(resolveNames('names', [name], known)).toEqual([iana])
  })

  it('mean themselves as IANA spells them, each in its place', () => {
    expect(resolveNames('names', known, known)).toEqual(known)
  })

  it('that are unknown, or not among those that are provided, are told with what there is', () => {
    expect(() => resolveNames('groups', ['P-384'], ['x25519', 'secp256r1'])).toThrow(UsageError)
    expect(() => resolveNames('groups', ['P-384'], ['x25519', 'secp256r1'])).toThrow(
      '--groups: "P-384" is unknown; known: x25519, secp256r1',
    )
  })
})
