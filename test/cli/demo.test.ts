import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const demo = fileURLToPath(new URL('../../dist/cli/demo.js', import.meta.url))

it('The demo shows the handshake message by message, an HTTP exchange over it, and ends in order', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [demo])
  const messages = stdout.matchAll(/ms {3} *(?:◀── )?([a-z_]+) +\d+ B/g)
  expect([...messages].map(([, kind]) => kind)).toEqual([
    'client_hello',
    'server_hello',
    'change_cipher_spec',
    'encrypted_extensions',
    'certificate',
    'certificate_verify',
    'finished',
    'change_cipher_spec',
    'finished',
  ])
  for (const fact of ['provider noble', 'provider node', 'TLSv1.3', '200 OK', 'closed in order']) expect(stdout).toContain(fact)
  expect(stdout).not.toContain('✗')
})
