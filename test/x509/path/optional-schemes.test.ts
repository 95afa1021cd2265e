/** Chains signed by schemes that are optional in the provider: they count where the trust store is told so, and nowhere else. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTrustStore, decodePem } from '../../../src/x509/index.ts'
import { describeWith, findProgram, inPeers } from '../../interop/child.ts'
import { providers } from '../../providers.ts'

const program = findProgram({
  name: 'openssl-3.5',
  command: [inPeers('openssl-3.5/run'), 'openssl'],
  probe: ['version'],
  hint: 'run scripts/peers',
})

describeWith(program, 'OpenSSL 3.5', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tassel-optional-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  function openssl(...args: readonly string[]): string {
    if (program.missing !== undefined) throw new Error(program.missing)
    const [command, ...first] = program.command
    return execFileSync(command, [...first, ...args], { stdio: 'pipe', timeout: 30_000, encoding: 'utf8' })
  }

  describe.each(['ED448', 'ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'])('makes an authority and an end entity with keys of %s', algorithm => {
    let root: string
    let leaf: Uint8Array
    beforeAll(() => {
      const [rootKey, rootFile] = [join(folder, `${algorithm}.key`), join(folder, `${algorithm}.pem`)]
      const authority = ['-subj', '/CN=root', '-addext', 'basicConstraints=critical,CA:true', '-addext', 'keyUsage=critical,keyCertSign']
      openssl('req', '-x509', '-newkey', algorithm, '-nodes', '-days', '30', '-keyout', rootKey, '-out', rootFile, ...authority)
      root = openssl('x509', '-in', rootFile)
      const names = ['-subj', '/CN=leaf', '-addext', 'subjectAltName=DNS:localhost', '-addext', 'basicConstraints=critical,CA:false']
      const issuer = ['-CA', rootFile, '-CAkey', rootKey, '-days', '30', '-keyout', join(folder, 'leaf.key')]
      const [block] = decodePem(openssl('req', '-x509', '-newkey', algorithm, '-nodes', ...issuer, ...names))
      leaf = block?.bytes ?? new Uint8Array(0)
    })
    it.each(providers())('that the provider $name believes by option alone', crypto => {
      const request = { name: 'localhost', now: Date.now(), purpose: 'server' as const }
      const verify = (optionalSchemes: boolean, chain = [leaf]) =>
        createTrustStore({ roots: [root], crypto, optionalSchemes }).verify(chain, request)
      expect(verify(true)).toMatchObject({ verified: true, subjects: ['CN=leaf'] })
      expect(() => verify(false)).toThrow(expect.objectContaining({ code: 'certificate-algorithm' }))
      const forged = leaf.slice()
      forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
      expect(() => verify(true, [forged])).toThrow(expect.objectContaining({ code: 'certificate-signature' }))
    })
  })
})
