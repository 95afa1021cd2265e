/** The package as its users meet it: what `exports` promises is there, and loads. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const {
  exports: entries,
  name,
  bin,
} = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string>
  name: string
  bin: Record<string, string>
}
const modules = Object.entries(entries).filter(([, file]) => file.endsWith('.js'))

it.each(modules)('%s loads by its name, and has types', (entry, file) => {
  const script = `const all = await import(${JSON.stringify(join(name, entry))}); console.log(Object.keys(all).length)`
  const count = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: root, encoding: 'utf8' })
  expect(Number(count)).toBeGreaterThan(0)
  expect(existsSync(join(root, file.replace(/\.js$/, '.d.ts')))).toBe(true)
})

it('the command is built, and begins with the line that makes it one', () => {
  const file = bin.tassel ?? ''
  expect(readFileSync(join(root, file), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
})

it('the main entry fills in provider, clock and random source', () => {
  const script = `
    import { createClient } from 'tassel'
    const client = createClient({ serverName: 'localhost' })
    console.log(client.takeOutput().length, client.waitingFor)`
  expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: root, encoding: 'utf8' }).trim()).toBe('1 input')
})
