/** The chain cases of BoringSSL's path validation: its `.test` files, and how what they ask for is asked here. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { FaultCode } from '../../../src/error.ts'
import { trustAnchor } from '../../../src/x509/index.ts'
import { absent, blocks, filesIn, pathOf, readText } from './data.ts'

export const chainFolder = 'boringssl-pki/verify_certificate_chain_unittest'

export interface ChainCase {
  /** `folder/file` without the ending. */
  readonly name: string
  /** End entity first; the last one is what `trust` speaks of. */
  readonly chain: readonly Uint8Array[]
  readonly trust: string
  readonly purpose: string
  /** Milliseconds since 1970. */
  readonly now: number
  readonly allowSha1: boolean
  readonly policies: readonly string[]
  /** The errors expected, by the place in the chain; empty where the chain is to be accepted. Warnings are left out. */
  readonly errors: readonly ChainFault[]
}

export interface ChainFault {
  readonly depth: number
  readonly text: string
}

export function readChainCases(): ChainCase[] {
  if (absent) return []
  const folders = readdirSync(pathOf(chainFolder), { withFileTypes: true }).filter(entry => entry.isDirectory())
  return folders
    .map(({ name }) => name)
    .sort()
    .flatMap(folder => filesIn(join(chainFolder, folder), '.test').map(file => readCase(folder, file)))
}

/** `key: value` lines, and errors behind the last key. */
function readCase(folder: string, file: string): ChainCase {
  const [head = '', tail = ''] = readText(chainFolder, folder, file).split(/^expected_errors:\n/m)
  const values = new Map<string, string>()
  for (const [, key = '', value = ''] of head.matchAll(/^(\w+): (.*)$/gm)) values.set(key, value.trim())
  const policies = values.get('expected_user_constrained_policy_set')
  return {
    name: `${folder}/${file.replace('.test', '')}`,
    chain: blocks('CERTIFICATE', chainFolder, folder, values.get('chain') ?? ''),
    trust: values.get('last_cert_trust') ?? '',
    purpose: values.get('key_purpose') ?? '',
    now: readTime(values.get('utc_time') ?? ''),
    allowSha1: values.get('digest_policy') !== 'STRONG',
    policies: policies?.split(', ').sort() ?? [],
    errors: readErrors(tail),
  }
}

function readTime(text: string): number {
  // What DEFAULT stands for is not in the files: the beginning of the default validity of their generator, 5 October 2021, noon.
  if (text === 'DEFAULT') return Date.UTC(2021, 9, 5, 12)
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (text.match(/\d\d/g) ?? []).map(Number)
  return Date.UTC(2000 + year, month - 1, day, hour, minute, second)
}

function readErrors(text: string): ChainFault[] {
  let depth = 0
  return text.split('\n').flatMap(line => {
    const place = /^----- Certificate i=(\d+)/.exec(line)
    if (place) depth = Number(place[1])
    return line.startsWith('ERROR: ') ? [{ depth, text: line.slice('ERROR: '.length) }] : []
  })
}

/** What is trusted, in the terms of this project. */
export function anchorsOf({ trust, chain }: ChainCase): ReturnType<typeof trustAnchor>[] {
  const last = chain.at(-1)
  if (!last || trust === 'DISTRUSTED' || trust === 'UNSPECIFIED') return []
  // A trusted leaf vouches for nobody but itself.
  if (trust.startsWith('TRUSTED_LEAF') && chain.length > 1) return []
  return [trustAnchor(last, { validity: trust.includes('EXPIRATION'), constraints: /(WITH|AND)_CONSTRAINTS/.test(trust) })]
}

/** Whether the last certificate may be the end entity too. */
export function anchorAsEndEntity(trust: string): 'accept' | 'self-signed' | 'refuse' {
  if (trust.includes('REQUIRE_SELF_SIGNED')) return 'self-signed'
  return trust.includes('LEAF') ? 'accept' : 'refuse'
}

/** Purposes by their names in the files. STRICT wants the purpose named, and nothing beside it that has no business there. */
export const purposes: Readonly<Record<string, { readonly purpose: string; readonly profile?: 'web' }>> = {
  ANY_EKU: { purpose: 'any' },
  SERVER_AUTH: { purpose: 'server' },
  CLIENT_AUTH: { purpose: 'client' },
  SERVER_AUTH_STRICT: { purpose: 'server', profile: 'web' },
  CLIENT_AUTH_STRICT: { purpose: 'client', profile: 'web' },
  SERVER_AUTH_STRICT_LEAF: { purpose: 'server', profile: 'web' },
  CLIENT_AUTH_STRICT_LEAF: { purpose: 'client', profile: 'web' },
  // id-kp-emailProtection, id-kp-timeStamping, and the one of RCS messaging.
  C2PA_MANIFEST: { purpose: '1.3.6.1.5.5.7.3.4' },
  C2PA_TIMESTAMPING: { purpose: '1.3.6.1.5.5.7.3.8' },
  MLS_CLIENT_AUTH: { purpose: '2.23.146.2.1.3' },
}

/** The codes that stand for an error of BoringSSL's. */
export function codesOf({ text }: ChainFault): readonly FaultCode[] {
  const [, codes] = faultCodes.find(([pattern]) => pattern.test(text)) ?? []
  if (!codes) throw new Error(`no code for “${text}”`)
  return codes
}

const faultCodes: readonly (readonly [RegExp, readonly FaultCode[]])[] = [
  [/after notAfter/, ['certificate-expired']],
  [/before notBefore/, ['certificate-not-yet-valid']],
  [/^VerifySignedData/, ['certificate-signature']],
  [/not a CA$|not have Basic Constraints/, ['certificate-not-a-ca']],
  [/^KeyUsage|^keyCertSign/, ['certificate-key-usage']],
  [/extended key usage/, ['certificate-purpose', 'certificate-profile']],
  [/SubjectPublicKeyInfo/, ['certificate-malformed', 'certificate-key']],
  [/signature algorithm/, ['certificate-algorithm']],
  [/public key/, ['certificate-key']],
  [/critical extension/, ['certificate-critical-extension']],
  [/Too many name constraints/, ['certificate-budget']],
  [/valid policy/, ['certificate-policy']],
  [/max_path_length/, ['certificate-path-length']],
  [/trust anchor|trust store|subject does not match/, ['issuer-unknown']],
  [/should not be a CA/, ['certificate-profile', 'certificate-not-a-ca']],
]
