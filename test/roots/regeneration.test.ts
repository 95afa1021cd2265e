/** src/roots/mozilla.ts is what scripts/roots.mjs makes of the packages that it names. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

it('the same packages give the same octets', context => {
  // Offline, since a test asks no archive: with the packages that an earlier run of the script has kept.
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/roots.mjs', '--check', '--offline'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status === 3) context.skip(`${stderr.trim()}; node scripts/roots.mjs --check fetches them`)
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^118 anchors of ca-certificates /)
  expect(status).toBe(0)
})
