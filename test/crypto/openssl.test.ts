/** Keys and signatures that OpenSSL 3.5 makes, and what it thinks of ours. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWith, findProgram, inPeers } from '../interop/child.ts'
import { providers } from '../providers.ts'

const program = findProgram({
  name: 'openssl-3.5',
  command: [inPeers('openssl-3.5/run'), 'openssl'],
  probe: ['version'],
  hint: 'run scripts/peers',
})

const kinds = [
  { algorithm: 'ED448', form: undefined, scheme: 0x0808 },
  ...['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'].flatMap((algorithm, i) =>
    ['seed-only', 'priv-only', 'seed-priv'].map(form => ({ algorithm, form, scheme: 0x0904 + i })),
  ),
]

describeWith(program, 'OpenSSL 3.5', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tassel-keys-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  const file = (name: string, contents: Uint8Array): string => {
    const path = join(folder, name)
    writeFileSync(path, contents)
    return path
  }

  function openssl(...args: readonly string[]): Uint8Array {
    if (program.missing !== undefined) throw new Error(program.missing)
    const [command, ...first] = program.command
    return new Uint8Array(execFileSync(command, [...first, ...args], { stdio: 'pipe', timeout: 30_000 }))
  }

  describe.each(providers())('and the provider $name', provider => {
    it.each(kinds)('share keys and signatures of $algorithm, $form', ({ algorithm, form, scheme }) => {
      const outputForm = form === undefined ? [] : ['-provparam', `ml-dsa.output_formats=${form}`]
      const pkcs8 = openssl('genpkey', ...outputForm, '-algorithm', algorithm, '-outform', 'DER')
      const text = provider.random(100)
      const [key, message] = [file('key', pkcs8), file('message', text)]
      const spki = openssl('pkey', '-in', key, '-pubout', '-outform', 'DER')
      const publicKey = file('public', spki)

      const ours = provider.importPrivateKey(pkcs8)
      expect([ours.schemes, ours.spki]).toEqual([[scheme], spki])

      const signature = file('signature', ours.sign?.(scheme, text) ?? new Uint8Array(0))
      openssl('pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', publicKey, '-in', message, '-sigfile', signature)

      const theirs = openssl('pkeyutl', '-sign', '-rawin', '-inkey', key, '-in', message)
      const verifier = provider.optional?.verifiers.find(one => one.scheme === scheme)
      expect(verifier?.verify(spki, text, theirs)).toBe(true)
      expect(verifier?.verify(spki, text.subarray(1), theirs)).toBe(false)
    })
  })
})
