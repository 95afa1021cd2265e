/** Programs of others as child processes: found or named as missing, bounded in life, ended with the test that started them. */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe } from 'vitest'
import { Inbox } from './inbox.ts'

/** A program on this machine, or why it is not there. */
export type Program = { readonly command: readonly [string, ...string[]]; readonly missing?: undefined } | { readonly missing: string }

/**
 * Looks whether `command` runs with `probe`. Where it does not, the tests that need it are skipped and say that `hint` would help; with
 * CI=true that is an error, unless a file `.peers/NAME.unavailable` says why it can't be had.
 */
export function findProgram(options: {
  name: string
  command: readonly [string, ...string[]]
  probe: readonly string[]
  hint: string
}): Program {
  const { name, command, probe, hint } = options
  const [file, ...first] = command
  try {
    execFileSync(file, [...first, ...probe], { stdio: 'pipe', timeout: 30_000 })
    return { command }
  } catch {
    const note = inPeers(`${name}.unavailable`)
    const missing = existsSync(note) ? readFileSync(note, 'utf8').trim() : `${name} is not there (${hint})`
    if (process.env.CI === 'true' && !existsSync(note)) throw new Error(missing)
    return { missing }
  }
}

/** A path inside `.peers`, the folder that `scripts/peers` fills. */
export function inPeers(path: string): string {
  return fileURLToPath(new URL(`../../.peers/${path}`, import.meta.url))
}

/** `describe`, skipped with the reason in its title where the program is missing. */
export function describeWith(program: Program, title: string, body: () => void): void {
  if (program.missing === undefined) describe(title, body)
  else describe.skip(`${title} (skipped: ${program.missing})`, body)
}

export interface Child {
  readonly process: ChildProcessWithoutNullStreams
  readonly stdin: ChildProcessWithoutNullStreams['stdin']
  readonly stdout: Inbox
  readonly stderr: Inbox
  /** The exit status; `undefined` where a signal ended it. */
  readonly ended: Promise<number | undefined>
}

/**
 * Starts the program. It ends with the test at the latest. `preamble`: what ends the text before its data; `home`: a home folder of its
 * own.
 */
export function start(program: Program, args: readonly string[], options: { preamble?: RegExp; home?: string } = {}): Child {
  if (program.missing !== undefined) throw new Error(program.missing)
  const [file, ...first] = program.command
  const child = spawn(file, [...first, ...args], {
    env: options.home === undefined ? process.env : { ...process.env, HOME: options.home },
    timeout: life,
    killSignal: 'SIGKILL',
  })
  const name = `${file} ${first.concat(args).join(' ')}`
  running.add(child)
  // A program that ends early leaves its standard input closed; what it says about that is in its output.
  child.stdin.on('error', () => {})
  const ended = once(child, 'close').then(([code]: unknown[]) => {
    running.delete(child)
    return typeof code === 'number' ? code : undefined
  })
  return {
    process: child,
    stdin: child.stdin,
    stdout: new Inbox(child.stdout, `standard output of ${name}`, options),
    stderr: new Inbox(child.stderr, `standard error of ${name}`),
    ended,
  }
}

/** The port that the child listens on over IPv4, once it does. Rejects where it ends before. */
export async function listeningPort(child: Child): Promise<number> {
  const { pid, exitCode } = child.process
  if (pid === undefined || exitCode !== null) throw new Error(`it ended before it listened: ${child.stderr.text}${child.stdout.text}`)
  const port = portOf(pid)
  if (port !== undefined) return port
  await new Promise(resolve => setTimeout(resolve, 5))
  return listeningPort(child)
}

/** Milliseconds after which a program ends in any case, also where the test's own end is not reached. */
const life = 120_000

const running = new Set<ChildProcessWithoutNullStreams>()

afterEach(async () => {
  const closed = [...running].map(child => once(child, 'close'))
  for (const child of running) child.kill('SIGKILL')
  await Promise.all(closed)
})

/**
 * Which port, Linux says: the listening socket that is open in the process. So a server may choose its port itself (port 0), and nobody
 * has to connect to find out whether it listens, which a server for one connection would take for that one.
 */
export function portOf(pid: number): number | undefined {
  const inodes = openSockets(pid)
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
    if (state === listening && inode !== undefined && inodes.has(inode)) return Number.parseInt(local?.split(':')[1] ?? '', 16)
  }
  return undefined
}

const listening = '0A'

function openSockets(pid: number): Set<string> {
  const inodes = new Set<string>()
  try {
    for (const name of readdirSync(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${name}`))?.[1]
      if (inode !== undefined) inodes.add(inode)
    }
  } catch {
    // The process has ended: it listens on nothing.
  }
  return inodes
}

/** What a link points to; nothing where it has gone since the folder was read. */
function link(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
