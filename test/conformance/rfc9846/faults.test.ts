/** Every code of the table of faults that `src` raises is provoked by a test, here or elsewhere. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type FaultCode, faults } from '../../../src/error.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const codes = Object.keys(faults) as FaultCode[]

describe('every fault', () => {
  const raised = namedIn('src', file => file !== 'error.ts')
  const provoked = namedIn('test', file => file !== 'conformance/rfc9846/faults.test.ts')

  it.each(codes.filter(code => raised.has(code)))('%s is provoked by a test', code => {
    expect(provoked.has(code)).toBe(true)
  })
})

/** The codes that stand as strings in the TypeScript of a folder. */
function namedIn(folder: string, included: (file: string) => boolean): ReadonlySet<string> {
  const files = readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .map(file => file.replaceAll('\\', '/'))
    .filter(file => file.endsWith('.ts') && included(file))
  const text = files.map(file => readFileSync(`${root}${folder}/${file}`, 'utf8')).join('\n')
  return new Set(codes.filter(code => text.includes(`'${code}'`)))
}
