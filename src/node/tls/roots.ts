/** The roots that come with Node.js and its surroundings. */
import { readFileSync } from 'node:fs'
import { decodePem, encodePem } from '../../x509/index.ts'
import { nodeRoots } from '../roots.ts'
import { coded, invalidValue } from './errors.ts'

/** Mozilla's roots of the day when this Node.js was built, PEM. */
export const rootCertificates: readonly string[] = Object.freeze(nodeRoots())

/**
 * The certificates, PEM, of `default`: those that serve where no `ca` is given, which are the other kinds together; `bundled`:
 * `rootCertificates`; `extra`: those of NODE_EXTRA_CA_CERTS; `system`: the operating system's, which Node.js 22.15 and later can read, and
 * which belong to `default` under --use-system-ca.
 */
export function getCACertificates(type: 'default' | 'bundled' | 'system' | 'extra' = 'default'): string[] {
  switch (type) {
    case 'bundled':
      return [...rootCertificates]
    case 'extra':
      return [...extraCertificates()]
    case 'system':
      return nodeRoots({ system: true }).filter(pem => !rootCertificates.includes(pem))
    case 'default':
      return [...new Set([...rootCertificates, ...(usesSystem() ? nodeRoots({ system: true }) : []), ...extraCertificates()])]
    default:
      throw invalidValue('type', '"default", "bundled", "system" or "extra"', type)
  }
}

function usesSystem(): boolean {
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)]
  return flags.includes('--use-system-ca')
}

let extra: readonly string[] | undefined

/** Read once, as Node.js does; a file that can't be read is a warning there and here. */
function extraCertificates(): readonly string[] {
  extra ??= readExtra(process.env.NODE_EXTRA_CA_CERTS)
  return extra
}

function readExtra(file: string | undefined): readonly string[] {
  if (!file) return []
  try {
    const blocks = decodePem(readFileSync(file, 'latin1')).filter(({ label }) => label.endsWith('CERTIFICATE'))
    return blocks.map(({ bytes }) => encodePem('CERTIFICATE', bytes).trim())
  } catch (cause) {
    process.emitWarning(coded(new Error(`the extra certificates of ${file} were not read: ${cause}`, { cause }), 'ERR_TASSEL_EXTRA_CA'))
    return []
  }
}
