/** What only shows in numbers: memory while a reader rests, and many connections at once. Each in a process of its own. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = async (program: string, ...args: readonly string[]): Promise<unknown> => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, program), ...args])
  return JSON.parse(stdout)
}

const mebibyte = 2 ** 20

it.each([
  'tassel/node',
  'tls.connect and tls.createServer',
  'tassel/stream',
  'tassel/wasi',
])('1 GiB through %s, to a reader that rests, takes less than 150 MiB at any time', {
  timeout: 300_000,
}, async face => {
  const { bytes, peak } = (await run('flow.mjs', face, '1024')) as { bytes: number; peak: number }
  expect(bytes).toBe(1024 * mebibyte)
  expect(peak).toBeLessThan(150 * mebibyte)
  console.log(`${face}: at most ${Math.round(peak / mebibyte)} MiB above idle`)
})

it.each(['serveTls', 'tls.createServer'])('2,000 connections at once on one server of %s get all of their 100 answers, without an error', {
  timeout: 600_000,
}, async face => {
  expect(await run('connections.mjs', face, '2000')).toEqual({ connections: 2000, answers: 200_000, errors: 0 })
})
