/** What the tests of the examples rest on: that nothing in their process can be encrypted by anybody but Tassel. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root, runNode } from './example.ts'

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

it('an example fits a screen: 40 lines', () => {
  const files = readdirSync(join(root, 'examples')).filter(name => /\.m?[jt]s$/.test(name))
  const lengths = files.map(name => ({ name, lines: readFileSync(join(root, 'examples', name), 'utf8').split('\n').length - 1 }))
  expect(lengths.length).toBeGreaterThan(4)
  expect(lengths.filter(({ lines }) => lines > 40)).toEqual([])
})
