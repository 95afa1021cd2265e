/**
 * Writes docs/rfc9846.md: every rule that a test of test/conformance/rfc9846 breaks, out of the names of the tests.
 * With --check it writes nothing, and fails where the file is not what it would write. Either way it prints the number of tests.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = 'test/conformance/rfc9846'
const document = `${root}docs/rfc9846.md`

const tests = listed()
  .map(({ name, file }) => ({ ...parsed(name), file: basename(file) }))
  .sort((a, b) => a.file.localeCompare(b.file, 'en'))
const text = page(tests.filter(({ section }) => section !== undefined))

if (!process.argv.includes('--check')) writeFileSync(document, text)
else if (readFileSync(document, 'utf8') !== text) {
  console.error('docs/rfc9846.md is out of date: node scripts/rfc9846-table.mjs')
  process.exit(1)
}
console.log(`${tests.length} tests in ${folder}, of ${new Set(tests.map(({ section }) => section)).size} sections`)

/** The tests as vitest collects them, without running them. */
function listed() {
  const vitest = [`${root}node_modules/vitest/vitest.mjs`, 'list', folder, '--json']
  return JSON.parse(
    execFileSync(process.execPath, vitest, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 26 }),
  )
}

/** `about > §section rule [role: alert]`; the name of a test that plays no single rule ends with the rule. */
function parsed(name) {
  const [, about, section, rest] = /^(.*?) > (§\S+|RFC \d+ §\S+) (.*)$/s.exec(name) ?? []
  if (section === undefined) return { section }
  const [, rule, role, outcome] = /^(.*) \[(client|server): (\w+)\]$/s.exec(rest) ?? [undefined, rest, '', '']
  return { about, section: section.replace(/[:,]$/, ''), rule, role, outcome }
}

function page(rows) {
  const sections = [...new Set(rows.map(({ section }) => section))].sort((a, b) => order(a).localeCompare(order(b), 'en'))
  const refused = rows.filter(({ outcome }) => outcome && outcome !== 'accepted').length
  const parts = sections.map(section => {
    const lines = rows
      .filter(row => row.section === section)
      .map(row => `| ${cell(row.about)} | ${cell(row.rule)} | ${row.role} | ${row.outcome} | ${row.file} |`)
    return `## ${section.startsWith('RFC') ? section : `RFC 9846 ${section}`}\n\n| about | test | role | alert | file |\n|---|---|---|---|---|\n${[...new Set(lines)].join('\n')}\n`
  })
  return `# The rules of RFC 9846, and the tests that break them

${tests.length} tests, ${refused} of which break one rule and expect one alert, by section of RFC 9846 and of the RFCs about its extensions.
\`accepted\`: what a rule allows has to pass. Without a role: the test says more than a row can. A test's name on the command line is
\`about > §section test [role: alert]\`, in \`${folder}\`.

This page is made by \`node scripts/rfc9846-table.mjs\` out of the tests' names; a test fails where it is not up to date.

${parts.join('\n')}`
}

/** RFC 9846 first, its sections by number, appendices behind. */
function order(section) {
  const numbers = section.replace(/^§/, 'RFC 0 §').split(/[ .§]+/)
  return numbers.map(part => part.padStart(6, /^\d/.test(part) ? '0' : 'z')).join('.')
}

/** As the tests' titles stand in a table. */
function cell(value) {
  return value.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
