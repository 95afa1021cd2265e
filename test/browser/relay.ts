/** examples/relay/relay.mjs as a process, as its README has it. */
import { fileURLToPath } from 'node:url'
import { type Program, start } from '../interop/child.ts'

const program: Program = { command: [process.execPath, fileURLToPath(new URL('../../examples/relay/relay.mjs', import.meta.url))] }

export interface Relay {
  readonly port: number
  /** The address of the page, which is also its origin. */
  readonly page: string
}

/** On a free port; it ends with the test. `allowed`: HOST:PORT. */
export async function startRelay(...allowed: readonly string[]): Promise<Relay> {
  const child = start(program, ['--port', '0', ...allowed.flatMap(each => ['--allow', each])])
  const [, page = '', port] = await child.stdout.said(/^the page is at (http:\/\/127\.0\.0\.1:(\d+)\/)/m)
  return { port: Number(port), page }
}
