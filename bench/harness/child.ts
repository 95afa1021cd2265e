/** Work in a process of its own, so that what it holds is its own too: a worker's file listens with `work`, and is called by `inChild`. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What the worker at `url` makes of `job`, both of which pass the structured clone. Rejects where the worker ends without a result. */
export function inChild<Result>(url: URL, job: unknown): Promise<Result> {
  const child = fork(fileURLToPath(url), { execArgv: ['--expose-gc'], serialization: 'advanced' })
  return new Promise<Result>((resolve, reject) => {
    let result: { readonly value: Result } | undefined
    child.once('message', message => {
      result = { value: message as Result }
    })
    child.once('error', reject)
    child.once('exit', code => (result ? resolve(result.value) : reject(new Error(`${url.pathname} ended with ${code}`))))
    child.send(job as object)
  })
}

/** In a worker: does the one job that comes, and ends the process. */
export function work<Job>(run: (job: Job) => Promise<object> | object): void {
  process.once('message', async job => {
    const result = await run(job as Job)
    process.send?.(result, () => process.exit())
  })
}
