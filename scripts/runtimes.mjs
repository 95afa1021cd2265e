/**
 * Runs the suite of test/runtimes in every runtime, and prints how it went; what is missing of them is fetched into .peers before, but for
 * Chromium, which Debian has. With --write, the table goes into README.md.
 * Exit status: 0 all has passed in all; 1 something failed, or is missing.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = `${root}README.md`
const [begin, end] = ['<!-- runtimes: npm run runtimes -- --write -->\n', '<!-- /runtimes -->\n']

// What can't be fetched is told below, as skipped.
spawnSync('scripts/peers', ['runtimes'], { cwd: root, stdio: 'inherit' })
const { testResults } = run()
const tests = testResults.flatMap(file => file.assertionResults)
const runtimes = tests.flatMap(({ meta }) => meta?.runtime ?? []).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
const table = [
  '| runtime | version | passed | failed | not applicable |',
  '|---|---|---|---|---|',
  ...runtimes.map(each => `| ${each.name} | ${each.version} | ${each.passed} | ${each.failed} | ${each.notApplicable} |`),
].join('\n')

console.log(table)
const wrong = tests.filter(({ status }) => status !== 'passed')
for (const { fullName, status, failureMessages } of wrong) console.error(`${status}: ${fullName}\n${(failureMessages ?? []).join('\n')}`)
for (const { name, message } of testResults.filter(file => file.assertionResults.length === 0)) console.error(`failed: ${name}\n${message}`)
const complete = wrong.length === 0 && testResults.every(({ status }) => status === 'passed')
if (process.argv.includes('--write')) write()
process.exitCode = complete ? 0 : 1

/** What vitest says of the tests of the runtimes, each of which tells in its `meta` what ran. */
function run() {
  const folder = mkdtempSync(join(tmpdir(), 'tassel-runtimes-'))
  try {
    const report = join(folder, 'report.json')
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', 'test/runtimes/', '--reporter=json', `--outputFile=${report}`]
    const { status } = spawnSync(process.execPath, vitest, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
    if (status === null) throw new Error('the tests were ended from outside')
    return JSON.parse(readFileSync(report, 'utf8'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Only a run in which all went well is worth telling. */
function write() {
  if (!complete) return console.error('README.md stays as it is')
  const text = readFileSync(page, 'utf8')
  const [before, rest = ''] = text.split(begin)
  const after = rest.split(end)[1]
  if (after === undefined) throw new Error(`README.md has no ${begin}`)
  writeFileSync(page, `${before}${begin}\n${table}\n\n${end}${after}`)
}
