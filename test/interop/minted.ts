/** What OpenSSL's program mints beyond the harness: certificates with keys that WebCrypto does not have, and OCSP responses. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { loadIdentity } from '../../src/x509/index.ts'
import type { Program } from './child.ts'
import { authority, type Credential, scratch } from './credentials.ts'

/** A certificate for `localhost` by the tests' authority, whose key is of this algorithm as `openssl genpkey` names it. */
export async function mint(program: Program, algorithm: string): Promise<Credential> {
  const { certFile: ca } = await authority()
  const [keyFile, certFile] = [file(`minted-${algorithm}.key`), file(`minted-${algorithm}.pem`)]
  run(program, ['genpkey', '-algorithm', algorithm, '-out', keyFile])
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const uses = ['-addext', 'basicConstraints=critical,CA:false', '-addext', 'keyUsage=critical,digitalSignature']
  const issuer = ['-CA', ca, '-CAkey', keyOf(ca)]
  run(program, ['req', '-x509', '-days', '30', ...issuer, '-key', keyFile, '-out', certFile, ...names, ...uses])
  const [cert, key] = [readFileSync(certFile, 'utf8'), readFileSync(keyFile, 'utf8')]
  return { cert, key, certFile, keyFile, identity: crypto => loadIdentity({ cert, key, crypto }) }
}

/** A DER OCSP response of the tests' authority that finds the certificate good, as a file. */
export async function ocspResponse(program: Program, { certFile }: Credential): Promise<string> {
  const { certFile: ca } = await authority()
  const [index, response] = [file('ocsp-index'), file('ocsp.der')]
  const [, serial] = /serial=([0-9A-F]+)/.exec(run(program, ['x509', '-in', certFile, '-noout', '-serial'])) ?? []
  expect(serial).toBeDefined()
  writeFileSync(index, `V\t491231235959Z\t\t${serial}\tunknown\t/CN=localhost\n`)
  const signer = ['-index', index, '-CA', ca, '-rsigner', ca, '-rkey', keyOf(ca)]
  run(program, ['ocsp', ...signer, '-issuer', ca, '-cert', certFile, '-respout', response, '-ndays', '1'])
  return response
}

/** The public key of the credential as a PEM file. */
export function publicKeyFile(program: Program, { certFile }: Credential): string {
  const path = `${certFile}.pub`
  writeFileSync(path, run(program, ['x509', '-in', certFile, '-noout', '-pubkey']))
  return path
}

function file(name: string): string {
  return join(scratch(), name)
}

/** The harness writes an authority's key beside its certificate. */
function keyOf(certFile: string): string {
  return certFile.replace(/\.pem$/, '.key')
}

function run(program: Program, args: readonly string[]): string {
  if (program.missing !== undefined) throw new Error(program.missing)
  const [command, ...first] = program.command
  return execFileSync(command, [...first, ...args], { stdio: 'pipe', timeout: 60_000, encoding: 'utf8' })
}
