/**
 * Writes docs/coverage.md: the rows of the API tables that this package answers to, out of the names of the tests in test/coverage. With --check
 * it writes nothing, and fails where the file is not what it would write; with --complete it fails where a row of the design's tables (beside the
 * repository, if they are there) has no test. Either way it prints the number of rows.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = 'test/coverage'
const document = `${root}docs/coverage.md`
const design = `${root}../shared/design/coverage.md`

/** A test's file begins with the letter of its table. */
const tables = {
  A: 'The consumer-driven interface (`tassel/stream`, `tassel/wasi`)',
  B: ".NET's `SslStream` and its options",
  C: "Node's `tls` (`tassel/node`)",
  D: 'Cryptography by itself, and the uses of WASIX',
}

const rows = readdirSync(`${root}${folder}`)
  .filter(file => file.endsWith('.test.ts'))
  .sort()
  .flatMap(file => titles(file).map(row => ({ table: file[0].toUpperCase(), row, file })))
const text = page(rows)

if (!process.argv.includes('--check')) writeFileSync(document, text)
else if (readFileSync(document, 'utf8') !== text) fail('docs/coverage.md is out of date: node scripts/coverage-table.mjs')
const missing = wanted().filter(({ table, row }) => !rows.some(each => each.table === table && each.row === row))
if (process.argv.includes('--complete')) for (const { table, row } of missing) console.error(`no test is called: ${table}: ${row}`)
if (missing.length > 0 && process.argv.includes('--complete')) fail(`${missing.length} rows have no test`)
console.log(`${rows.length} rows in ${folder}, ${missing.length} missing`)

function fail(why) {
  console.error(why)
  process.exit(1)
}

/** The names as they are written: vitest itself lists no test whose peer is missing. */
function titles(file) {
  const source = readFileSync(`${root}${folder}/${file}`, 'utf8')
  return [...source.matchAll(/^ {2}it\((['"`])((?:\\.|(?!\1).)*)\1/gm)].map(([, , title]) => title.replaceAll(/\\(.)/g, '$1'))
}

/** The rows of the design's tables; none where it is not there. */
function wanted() {
  if (!existsSync(design)) return []
  return readFileSync(design, 'utf8')
    .split(/^## /m)
    .filter(section => /^[A-D]\. /.test(section))
    .flatMap(section => {
      const cells = section.split('\n').filter(line => line.startsWith('| ') && !line.startsWith('| row'))
      return cells.map(line => ({ table: section[0], row: line.split(' | ')[0].slice(2).replaceAll('`', '').trim() }))
    })
}

function page(rows) {
  const parts = Object.entries(tables).flatMap(([letter, title]) => {
    const own = rows.filter(({ table }) => table === letter)
    if (own.length === 0) return []
    const lines = own.map(({ row, file }) => `| ${row.replaceAll('|', '\\|')} | ${file} |`)
    return `## ${letter}. ${title}\n\n| row | test |\n|---|---|\n${lines.join('\n')}\n`
  })
  return `# What other interfaces have, and where it is here

Three public interfaces set the breadth of this package: the consumer-driven one that WASI proposed, .NET's \`SslStream\`, and Node's \`tls\`; and one layer of
cryptography, what the \`ring\` crate brought to WASIX. Each row below is a test of that name in \`${folder}\`: it shows how the thing is done here. What TLS 1.3 has no more
(renegotiation, parameters from files) is a row too: its test shows what becomes of it.

This page is made by \`node scripts/coverage-table.mjs\` out of the tests' names; a test fails where it is not up to date.

${parts.join('\n')}`
}
