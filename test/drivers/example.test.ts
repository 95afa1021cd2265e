/** What the tests of the examples rest on: that nothing in their process can be encrypted by anybody but Tassel. */
import { expect, it } from 'vitest'
import { runNode } from './example.ts'

const uses = {
  'tls.connect': "(await import('node:tls')).connect(1, '127.0.0.1')",
  'a TLSSocket': "new (await import('node:tls')).TLSSocket(new (await import('node:net')).Socket())",
  'https.get': "(await import('node:https')).get('https://127.0.0.1:1/')",
  'http2.connect': "(await import('node:http2')).connect('https://127.0.0.1:1/')",
  'require in CommonJS': "(await import('node:module')).createRequire('/')('tls').connect(1, '127.0.0.1')",
}

it.each(Object.entries(uses))('%s is refused where an example runs', async (_name, use) => {
  expect(await runNode(['--input-type=module', '-e', use])).toMatchObject({ code: 1, stderr: expect.stringContaining('node:tls was used') })
})
