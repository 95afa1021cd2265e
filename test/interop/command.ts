/** The built command line as a child process. */
import { fileURLToPath } from 'node:url'
import { type Child, type Program, start } from './child.ts'
import { authority } from './credentials.ts'

/** `tassel`, as the tests' set-up has built it. */
export const tassel: Program = { command: [process.execPath, fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))] }

/** `tassel serve` on a free port, with a P-256 certificate of the tests' authority. */
export async function serveCommand(...args: readonly string[]): Promise<Child & { port: number }> {
  const { certFile, keyFile } = await (await authority()).issue('P-256')
  const child = start(tassel, ['serve', '--host', '127.0.0.1', '--port', '0', '--cert', certFile, '--key', keyFile, ...args])
  const [, port] = await child.stdout.said(/^listening on 127\.0\.0\.1:(\d+)\n/m)
  return { ...child, port: Number(port) }
}
