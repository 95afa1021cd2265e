/**
 * Programs in the shape of the examples of Node's documentation of `tls`, and, where it is installed with Node (as its packages for Debian do), those examples
 * themselves: each is run as it is, and with `node:tls` replaced by this package and nothing else changed. What they print must be the same.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { ca, clientFiles, serverFiles } from './face.ts'
import { freePort } from './scenarios/stage.ts'

const examples = join(import.meta.dirname, 'documentation')
const face = join(import.meta.dirname, '../../../dist/node/index.js')
const documentation = '/usr/share/doc/nodejs/api/tls.md'
const folder = mkdtempSync(join(tmpdir(), 'documentation-'))
afterAll(() => rmSync(folder, { recursive: true }))

for (const [name, text] of Object.entries({
  'ca.pem': ca,
  'server-key.pem': serverFiles.key,
  // The example for a client takes the certificate of the server for its authority: both are in one file.
  'server-cert.pem': serverFiles.cert + ca,
  'client-key.pem': clientFiles.key,
  'client-cert.pem': clientFiles.cert + ca,
})) {
  writeFileSync(join(folder, name), text)
}

/** The program, with the module by the name that the documentation has, or by ours. */
function written(file: string, text: string, by: 'node' | 'tassel'): string {
  const program = by === 'node' ? text : text.replace(/(from |require\()'node:tls'/, `$1${JSON.stringify(face)}`)
  if (by === 'tassel') expect(program).not.toBe(text)
  const path = join(folder, `${by}-${file}`)
  writeFileSync(path, program.replace(/'\.\/files\.mjs'/, JSON.stringify(join(examples, 'files.mjs'))))
  return path
}

async function outputOf(file: string, by: 'node' | 'tassel', ...args: readonly string[]): Promise<string> {
  const path = written(file, readFileSync(join(examples, file), 'utf8'), by)
  const { stdout } = await promisify(execFile)(process.execPath, [path, folder, ...args], { timeout: 30_000 })
  return stdout
}

describe("The examples of Node's documentation, written anew", () => {
  const files = readdirSync(examples).filter(file => !['files.mjs', 'fragments.mjs'].includes(file))
  it.each(files)('%s prints the same with only the import changed', async file => {
    const expected = await outputOf(file, 'node')
    expect(expected).toContain('server closed')
    expect(await outputOf(file, 'tassel')).toBe(expected)
  })
})

describe.skipIf(!existsSync(documentation))(`The examples of ${documentation}`, () => {
  const blocks = existsSync(documentation)
    ? [...readFileSync(documentation, 'utf8').matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code)
    : []
  const example = (text: string) => blocks.find(code => code?.includes(text)) ?? ''

  it.each([
    ['tassel', 'tassel'],
    ['tassel', 'node'],
    ['node', 'tassel'],
  ] as const)('The client (%s) and the server (%s) of an echo print what they do on node:tls', async (client, server) => {
    expect(await echo(client, server)).toEqual(await echo('node', 'node'))
  })

  it('The pieces about sessions and keying material do what they do on node:tls', async () => {
    const expected = await outputOf('fragments.mjs', 'node', documentation)
    expect(expected).toContain('reused true')
    expect(await outputOf('fragments.mjs', 'tassel', documentation)).toBe(expected)
  })

  /** Both programs, on a port that is free; the client is told something by its standard input. */
  async function echo(client: 'node' | 'tassel', server: 'node' | 'tassel') {
    const port = await freePort()
    const on = (text: string) => text.replace('8000', String(port))
    const listening = spawn(process.execPath, [written('server.cjs', on(example("'server bound'")), server)], { cwd: folder })
    try {
      let atServer = ''
      listening.stdout.on('data', chunk => (atServer += chunk))
      await once(listening.stdout, 'data')
      const calling = spawn(process.execPath, [written('client.cjs', on(example("'client connected'")), client)], { cwd: folder })
      let atClient = ''
      calling.stdout.on('data', chunk => {
        atClient += chunk
        if (!atClient.includes('hello')) calling.stdin.end('hello\n')
      })
      const [status] = await once(calling, 'close')
      return { status, client: atClient.replaceAll(/\n+/g, '\n'), server: atServer }
    } finally {
      listening.kill()
    }
  }
})
