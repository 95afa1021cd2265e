/** The built command as a child process. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { buffer, text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const running = new Set<ChildProcessWithoutNullStreams>()

export interface Ended {
  code: number | null
  stdout: Buffer
  stderr: string
}

export interface Running {
  child: ChildProcessWithoutNullStreams
  ended: Promise<Ended>
}

/** Starts `tassel` with these arguments. */
export function start(args: readonly string[]): Running {
  const child = spawn(process.execPath, [main, ...args])
  running.add(child)
  // A command that ends early leaves its standard input closed: what it says about that is in its exit status.
  child.stdin.on('error', () => {})
  const ended = Promise.all([once(child, 'close'), buffer(child.stdout), text(child.stderr)]).then(([[code], stdout, stderr]) => {
    running.delete(child)
    return { code: code as number | null, stdout, stderr }
  })
  return { child, ended }
}

/** Runs `tassel` to its end with `input` on its standard input. */
export function run(args: readonly string[], input: string | Uint8Array = ''): Promise<Ended> {
  const { child, ended } = start(args)
  child.stdin.end(input)
  return ended
}

/** Runs `tassel connect` against a server that echoes: the input ends once its echo has come, so that what the server asked for is done. */
export async function converse(args: readonly string[], input = 'x'): Promise<Ended> {
  const { child, ended } = start(args)
  child.stdin.write(input)
  await Promise.race([once(child.stdout, 'data'), ended])
  child.stdin.end()
  return ended
}

export interface Serving extends Running {
  port: number
}

/** Starts `tassel serve --port 0`; resolves once it listens. */
export async function serve(args: readonly string[]): Promise<Serving> {
  const { child, ended } = start(['serve', '--port', '0', ...args])
  const listening = new Promise<number>(resolve => {
    let said = ''
    const listen = (chunk: Buffer) => {
      said += chunk.toString('latin1')
      const port = /^listening on 127\.0\.0\.1:(\d+)$|"port":(\d+)/m.exec(said)
      if (port === null) return
      child.stdout.off('data', listen)
      resolve(Number(port[1] ?? port[2]))
    }
    child.stdout.on('data', listen)
  })
  const early = ended.then(({ code, stderr }) => {
    throw new Error(`tassel serve ended with ${code}: ${stderr}`)
  })
  return { child, ended, port: await Promise.race([listening, early]) }
}

/** Ends a server as a user does. */
export function interrupt({ child, ended }: Running): Promise<Ended> {
  child.kill('SIGINT')
  return ended
}

/** For `afterEach`: no test leaves a process behind, whatever became of it. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL')
  running.clear()
}

/** The JSON objects of a text, one a line. */
export function events(lines: string): Record<string, unknown>[] {
  return lines
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Record<string, unknown>)
}
