/** Options about protocol versions. This engine has one; what leaves that one out is an error that says so. */
import { constants } from 'node:crypto'
import { type CodedError, coded, invalidType } from './errors.ts'
import { defaults } from './names.ts'

export interface VersionOptions {
  minVersion?: string | undefined
  maxVersion?: string | undefined
  secureProtocol?: string | undefined
  /** Flags of OpenSSL, of which one counts: `SSL_OP_NO_TLSv1_3`. */
  secureOptions?: number | undefined
}

/** Throws where the options exclude TLS 1.3, with Node.js's codes. */
export function checkVersions({ minVersion, maxVersion, secureProtocol, secureOptions }: VersionOptions): void {
  // As in Node.js, what is no text is none.
  if (typeof secureProtocol === 'string') {
    if (minVersion !== undefined || maxVersion !== undefined) {
      const message = `TLS protocol version ${JSON.stringify(minVersion ?? maxVersion)} conflicts with secureProtocol ${JSON.stringify(secureProtocol)}`
      throw coded(new TypeError(message), 'ERR_TLS_PROTOCOL_VERSION_CONFLICT')
    }
    const newest = methods.get(secureProtocol.replace(/_(client|server)_method$/, '_method'))
    if (newest === undefined) throw coded(new TypeError(`Unknown method: ${secureProtocol}`), 'ERR_TLS_INVALID_PROTOCOL_METHOD')
    if (newest !== 'TLSv1.3') throw excluded(`secureProtocol ${JSON.stringify(secureProtocol)}`)
  }
  if (secureOptions !== undefined && secureOptions !== null && typeof secureOptions !== 'number')
    throw invalidType('options.secureOptions', 'a number', secureOptions)
  if (((secureOptions ?? 0) & constants.SSL_OP_NO_TLSv1_3) !== 0) throw excluded('secureOptions with SSL_OP_NO_TLSv1_3')
  if (typeof secureProtocol !== 'string')
    checkBounds(minVersion ?? defaults.DEFAULT_MIN_VERSION, maxVersion ?? defaults.DEFAULT_MAX_VERSION)
}

function checkBounds(minimum: string, maximum: string): void {
  for (const [name, value] of Object.entries({ minimum, maximum })) {
    if (versions.includes(value)) continue
    throw coded(new TypeError(`${JSON.stringify(value)} is not a valid ${name} TLS protocol version`), 'ERR_TLS_INVALID_PROTOCOL_VERSION')
  }
  if (maximum !== 'TLSv1.3') throw excluded(`maxVersion ${JSON.stringify(maximum)}`)
}

function excluded(what: string): CodedError {
  return coded(new TypeError(`this engine speaks TLS 1.3 alone, which ${what} excludes`), 'ERR_TLS_INVALID_PROTOCOL_VERSION')
}

const versions: readonly string[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']

/** The newest version of each method of OpenSSL. */
const methods: ReadonlyMap<string, string> = new Map([
  ['TLS_method', 'TLSv1.3'],
  ['SSLv23_method', 'TLSv1.2'],
  ['TLSv1_2_method', 'TLSv1.2'],
  ['TLSv1_1_method', 'TLSv1.1'],
  ['TLSv1_method', 'TLSv1'],
])
