import { it } from 'vitest'
import { describeWith } from '../interop/child.ts'
import { expectPassed, versionOf } from './report.ts'
import { startWorker, workerd } from './workerd.ts'

describeWith(workerd, 'workerd', () => {
  it('passes the suite, with WebAssembly from its configuration', async context => {
    const response = await fetch(await startWorker('test/runtimes/entries/worker.ts'))
    expectPassed(context, { name: 'workerd', version: versionOf(workerd), results: JSON.parse(await response.text()) })
  })
})
