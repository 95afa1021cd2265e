/** The page of rows says what the tests are. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it('docs/coverage.md is made of the tests that there are', () => {
  const script = fileURLToPath(new URL('../scripts/coverage-table.mjs', import.meta.url))
  const said = execFileSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  console.log(said.trim())
  expect(said).toMatch(/^\d+ rows in test\/coverage/)
})
