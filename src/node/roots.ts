/** Roots that come with Node.js or with the system. */
import { CertificateError, decodePem, parseCertificate } from '../x509/index.ts'

/** Node.js's own, also where a loader has put another in the place of `node:tls`: ours perhaps. */
const tls = process.getBuiltinModule('node:tls')

export interface NodeRootsOptions {
  /**
   * Whether the roots of the operating system are added: what its users or administrators believe beside the public ones. Node.js 22.15 and later
   * can read them; on others `true` is a `TypeError`. Those that `parseCertificate` can't read are left out: one of them would make a trust
   * store of all the others impossible. Default: false.
   */
  readonly system?: boolean
}

/**
 * The roots that Node.js's own TLS believes, which are Mozilla's of the day when it was built: certificates in PEM, each once, for the `roots` of a
 * trust store. Node.js applies no limit that Mozilla has set on a root elsewhere than in its certificate; `mozillaRoots` of `tassel/roots` does.
 */
export function nodeRoots({ system = false }: NodeRootsOptions = {}): string[] {
  return [...new Set([...tls.rootCertificates, ...(system ? systemRoots() : [])].map(pem => pem.trim()))]
}

/** The types of the oldest Node.js that is supported have no such function. */
function systemRoots(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'system') => string[] }
  if (!getCACertificates) throw new TypeError(`Node.js ${process.versions.node} can't read the roots of the system; 22.15 and later can`)
  return getCACertificates('system').filter(isReadable)
}

function isReadable(pem: string): boolean {
  try {
    for (const { bytes } of decodePem(pem)) parseCertificate(bytes)
    return true
  } catch (error) {
    if (error instanceof CertificateError || error instanceof TypeError) return false
    throw error
  }
}
