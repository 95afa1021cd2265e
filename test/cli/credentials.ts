/** Certificates and keys as files, as the command line takes them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mintAuthority } from '../../src/testing/certificates.ts'

export interface Files {
  /** The authority of `cert` (for `localhost`) and of `clientCert` (for `client.example`). */
  ca: string
  cert: string
  key: string
  clientCert: string
  clientKey: string
  /** Another authority, and what it issued for `localhost`. */
  otherCa: string
  otherCert: string
  otherKey: string
}

export async function writeCredentials(folder: string): Promise<Files> {
  const [authority, other] = await Promise.all([mintAuthority(), mintAuthority({ name: 'Another CA' })])
  const [server, client, stranger] = await Promise.all([
    authority.issue({ names: ['localhost'] }),
    authority.issue({ names: ['client.example'] }),
    other.issue({ names: ['localhost'] }),
  ])
  const write = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  return {
    ca: write('ca.pem', authority.certificatePem),
    cert: write('cert.pem', server.certificatePem),
    key: write('key.pem', server.privateKeyPem),
    clientCert: write('client-cert.pem', client.certificatePem),
    clientKey: write('client-key.pem', client.privateKeyPem),
    otherCa: write('other-ca.pem', other.certificatePem),
    otherCert: write('other-cert.pem', stranger.certificatePem),
    otherKey: write('other-key.pem', stranger.privateKeyPem),
  }
}
