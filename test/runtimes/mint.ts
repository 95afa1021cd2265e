/**
 * Writes test/runtimes/suite/credentials.ts and test/runtimes/suite/rfc8448.ts: what a runtime without files and WebCrypto can't make or read.
 *
 *     npx tsc -p test/runtimes && node .runtimes/test/runtimes/mint.js
 *
 * New keys and certificates each time; the values of the RFC are the same ones ever.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Authority, type CertificateOptions, type Minted, mintAuthority } from '../../src/testing/index.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { rfc8448Records, rfc8448Values } from './rfc8448.ts'

/** This file runs as JavaScript in `.runtimes/test/runtimes`. */
const folder = join(import.meta.dirname, '../../../test/runtimes/suite')

/** Long, since the suite runs by the clock of its runtime. RFC 5280 writes years from 2050 on in another form than those before. */
const validity: CertificateOptions = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2125-12-31T23:59:59Z') }

const servers = { ecdsaP256: 'P-256', ecdsaP384: 'P-384', ecdsaP521: 'P-521', ed25519: 'Ed25519', rsa: 'RSA-2048' } as const

writeFileSync(join(folder, 'credentials.ts'), await credentials())
writeFileSync(join(folder, 'rfc8448.ts'), values())

async function credentials(): Promise<string> {
  const root = await mintAuthority({ ...validity, name: 'Runtimes' })
  const other = await mintAuthority({ ...validity, name: 'Runtimes, another' })
  const intermediate = await root.issueAuthority({ ...validity, name: 'Runtimes, intermediate', pathLength: 0 })
  const lines: string[] = []
  for (const [name, key] of Object.entries(servers)) {
    lines.push(credential(name, `localhost, on ${key}`, await root.issue({ ...validity, key, names: ['localhost'], purposes: ['server'] })))
  }
  lines.push(credential('intermediated', 'localhost, below `intermediate`', await endEntity(intermediate, 'localhost', 'server')))
  lines.push(credential('client', 'client.example', await endEntity(root, 'client.example', 'client')))
  return `/** Made by test/runtimes/mint.ts. Don't edit. Hexadecimal DER; good for anything from 2026 to 2125. */

/** A certificate and the private key (PKCS#8) that belongs to it. */
export interface Credential {
  readonly certificate: string
  readonly pkcs8: string
}

/** A root: the issuer of all but \`other\` and what is below \`intermediate\`. */
export const root =
  '${toHex(root.certificateDer)}'

/** A root that has issued nothing. */
export const other =
  '${toHex(other.certificateDer)}'

/** An authority below \`root\`. */
export const intermediate =
  '${toHex(intermediate.certificateDer)}'

${lines.join('\n')}`
}

function endEntity(issuer: Authority, name: string, purpose: 'server' | 'client'): Promise<Minted> {
  return issuer.issue({ ...validity, key: 'P-256', names: [name], purposes: [purpose] })
}

function credential(name: string, what: string, { certificateDer, privateKeyPkcs8 }: Minted): string {
  return `/** ${what}. */
export const ${name}: Credential = {
${property('certificate', toHex(certificateDer))}${property('pkcs8', toHex(privateKeyPkcs8))}}
`
}

/** In the form that the formatter gives it. */
function property(name: string, value: string, indent = '  '): string {
  const line = `${indent}${name}: '${value}',`
  return line.length <= 140 ? `${line}\n` : `${indent}${name}:\n${indent}  '${value}',\n`
}

function values(): string {
  const lines = Object.entries(rfc8448Values()).map(([name, hex]) => property(name, hex))
  return `/** Made by test/runtimes/mint.ts from vectors/rfc8448.json. Don't edit. Hexadecimal. */

/** Of RFC 8448 §3, a simple 1-RTT handshake with TLS_AES_128_GCM_SHA256 and x25519. */
export const rfc8448 = {
${lines.join('')}}

/** Every record of it in order, with the plaintext in it. */
export const records = [
${rfc8448Records().map(record).join('')}] as const
`
}

function record({ actor, op, payload, record }: ReturnType<typeof rfc8448Records>[number]): string {
  const lines = Object.entries({ actor, op, payload, record }).map(([name, value]) => property(name, value, '    '))
  return `  {\n${lines.join('')}  },\n`
}
