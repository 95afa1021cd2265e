/** Servers of others as child processes of a test file: each on a free port, ended with the file. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { PassThrough } from 'node:stream'
import { afterAll } from 'vitest'
import { inPeers, type Program, portOf } from '../interop/child.ts'
import { Inbox } from '../interop/inbox.ts'

export interface Server {
  readonly port: number
  /** What it says. */
  readonly log: Inbox
}

/** The packages of test/drivers/package.json, which `scripts/peers` installs. */
export const drivers: Program = existsSync(inPeers('drivers/node_modules/.package-lock.json'))
  ? { command: [process.execPath] }
  : missing('the drivers are not there (scripts/peers drivers)')

/**
 * A server of a package of Debian; for a test by the drivers, and so as good as missing where these are. `folder`: where it is looked for,
 * instead of the usual places, which are not all in everybody's search path.
 */
export function findServer(name: string, { debian = name, folder }: { debian?: string; folder?: string } = {}): Program {
  if (drivers.missing !== undefined) return drivers
  const place = [folder ?? ['/usr/sbin', '/usr/bin']].flat().find(place => existsSync(`${place}/${name}`))
  return place === undefined ? missing(`${name} is not there (apt-get install ${debian})`) : { command: [`${place}/${name}`] }
}

/** Where the programs of PostgreSQL are: Debian has a folder for each version. */
export function postgresFolder(): string {
  const all = '/usr/lib/postgresql'
  const versions = existsSync(all) ? readdirSync(all).filter(version => existsSync(`${all}/${version}/bin/postgres`)) : []
  return `${all}/${versions.sort((a, b) => Number(b) - Number(a))[0] ?? 'none'}/bin`
}

/**
 * Starts a server that can't choose its port itself, and resolves once it listens. `argumentsFor` gets the port: it was free a moment
 * ago, and should another have taken it since, the server ends, and the next port is tried. `quit`: the signal that ends it and all that
 * it started.
 */
export async function startServer(
  program: Program,
  argumentsFor: (port: number) => readonly string[],
  { quit = 'SIGTERM' }: { quit?: NodeJS.Signals } = {},
): Promise<Server> {
  if (program.missing !== undefined) throw new Error(program.missing)
  const [file, ...first] = program.command
  const said: string[] = []
  for (let attempt = 0; attempt < 3; attempt++) {
    const port = await freePort()
    const child = spawn(file, [...first, ...argumentsFor(port)], { stdio: ['ignore', 'pipe', 'pipe'] })
    const closed = once(child, 'close')
    running.set(child, { quit, closed })
    const output = new PassThrough()
    for (const stream of [child.stdout, child.stderr]) stream.pipe(output, { end: false })
    void closed.then(() => output.end())
    const log = new Inbox(output, `what ${file} says`)
    if (await listens(child, port)) return { port, log }
    await closed
    said.push(log.text)
  }
  throw new Error(`${program.command.join(' ')} does not listen: ${said.join('\n')}`)
}

const running = new Map<ChildProcess, { readonly quit: NodeJS.Signals; readonly closed: Promise<unknown> }>()

afterAll(async () => {
  for (const [child, { quit }] of running) child.kill(quit)
  await Promise.all([...running.values()].map(({ closed }) => closed))
  running.clear()
})

/** In CI nothing is missing. */
function missing(missing: string): Program {
  if (process.env.CI === 'true') throw new Error(missing)
  return { missing }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return address.port
}

/** Whether it does in the end: false where it ends before. */
async function listens(child: ChildProcess, port: number): Promise<boolean> {
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    if (portOf(child.pid) === port) return true
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return false
}
