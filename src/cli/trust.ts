/** The flags that say whom to believe, and what they become. */
import { rootCertificates } from 'node:tls'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { TrustStore } from '../types.ts'
import { createTrustStore, decodePem, type RevocationOptions, type ValidatorOptions } from '../x509/index.ts'
import { readKind } from './cert/files.ts'
import { readText } from './files.ts'
import { orUsageError, UsageError, type Values } from './usage.ts'

export const trustFlags = {
  ca: { type: 'string' },
  crl: { type: 'string', multiple: true },
  profile: { type: 'string' },
  revocation: { type: 'string' },
} as const

export type TrustValues = Values<typeof trustFlags>

/** The lines of the help, but for `--ca`, whose default differs. */
export const trustHelp = `  --profile PROFILE     rfc5280 (default), or web: what the CA/Browser Forum demands of certificates too
  --crl FILE            a revocation list, PEM or DER; repeatable
  --revocation MODE     hard: what is not known not to be revoked is not believed (default with --crl); soft: only what is revoked is
                        not; off (default without)`

/** The certificates and public keys of a PEM file; without one, the roots that Node.js ships. */
export function trustOption(values: TrustValues, crypto: CryptoProvider): TrustStore {
  const { ca } = values
  const options = { crypto, ...profileOption(values), revocation: revocationOption(values) }
  if (ca === undefined) return createTrustStore({ roots: rootCertificates, ...options })
  const text = readText('ca', ca)
  return orUsageError(() => {
    const blocks = decodePem(text)
    const rawPublicKeys = blocks.filter(({ label }) => label === 'PUBLIC KEY').map(({ bytes }) => bytes)
    const keysAlone = rawPublicKeys.length > 0 && !blocks.some(({ label }) => label === 'CERTIFICATE')
    return createTrustStore({ roots: keysAlone ? [] : [text], rawPublicKeys, ...options })
  }, `--ca ${ca}: `)
}

/** The first of the flags that is there, with its dashes; `undefined` where none is. */
export function anyTrustFlag(values: TrustValues): string | undefined {
  const names = Object.keys(trustFlags) as (keyof TrustValues)[]
  const given = names.find(name => values[name] !== undefined)
  return given && `--${given}`
}

export function profileOption({ profile = 'rfc5280' }: Pick<TrustValues, 'profile'>): Required<Pick<ValidatorOptions, 'profile'>> {
  if (profile !== 'rfc5280' && profile !== 'web') throw new UsageError(`--profile: "${profile}" is unknown; known: rfc5280, web`)
  return { profile }
}

/** `ocsp`: responses that are at hand besides. */
export function revocationOption(
  { crl = [], revocation }: Pick<TrustValues, 'crl' | 'revocation'>,
  ocsp: readonly Uint8Array[] = [],
): RevocationOptions {
  const crls = crl.flatMap(file => readKind('crl', file, 'revocation list'))
  const wanted = revocation ?? (crls.length + ocsp.length > 0 ? 'hard' : 'off')
  const mode = modes.find(mode => mode === wanted)
  if (mode === undefined) throw new UsageError(`--revocation: "${wanted}" is unknown; known: ${modes.join(', ')}`)
  return { mode, crls, ocsp }
}

const modes = ['off', 'soft', 'hard'] as const
