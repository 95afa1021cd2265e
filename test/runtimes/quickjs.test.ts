import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bundle, root } from './bundle.ts'
import { evaluate, inject, newQuickJs } from './quickjs.ts'
import { expectPassed } from './report.ts'
import { tests } from './suite/main.ts'

const name = 'QuickJS in WebAssembly (quickjs-emscripten)'
const { version } = JSON.parse(readFileSync(join(root, 'node_modules/quickjs-emscripten-core/package.json'), 'utf8')) as { version: string }

// An interpreter inside of another machine: 20 seconds where nothing else runs.
it('the suite passes in QuickJS inside WebAssembly, where there is nothing but the language, a random source and a clock', async context => {
  const vm = await newQuickJs()
  const more = ['TextEncoder', 'crypto', 'setTimeout', 'console', 'URL', 'WebAssembly', 'ReadableStream', 'require', 'process']
  expect(evaluate(vm, `${JSON.stringify(more)}.filter(name => name in globalThis).join()`)).toBe('')
  inject(vm)
  evaluate(vm, await bundle('test/runtimes/entries/bare.ts', { global: 'entry' }))
  const results = JSON.parse(String(evaluate(vm, 'entry.run(random, now)')))
  expectPassed(context, { name, version, results, streams: false })
}, 180_000)

it('README.md tells of a run with as many tests as there are: else npm run runtimes -- --write', () => {
  const needStreams = tests.filter(test => test.needsStreams).length
  const row = `| ${name} | ${version} | ${tests.length - needStreams} | 0 | ${needStreams} |`
  expect(readFileSync(join(root, 'README.md'), 'utf8').split('\n')).toContain(row)
})
