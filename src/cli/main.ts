#!/usr/bin/env node
/** The command `tassel`. */
import { readFileSync } from 'node:fs'
import { TransportError } from '../node/index.ts'
import { cert } from './cert/main.ts'
import { connect } from './connect.ts'
import type { Io } from './io.ts'
import { printableJson } from './report.ts'
import { serve } from './serve.ts'
import { type ExitCode, exitCodes, UsageError } from './usage.ts'

const help = `tassel: TLS 1.3 from the command line

  tassel connect HOST:PORT [options]   open a connection; standard input and output are its data
  tassel serve [options]               serve connections
  tassel cert show|verify|mint         look at certificates, judge them, make some
  tassel COMMAND --help                what a command takes
  tassel --version
`

const commands = new Map([
  ['cert', cert],
  ['connect', connect],
  ['serve', serve],
])

async function main(args: readonly string[], io: Io): Promise<ExitCode> {
  const [name, ...rest] = args
  if (name === '--help' || name === '-h' || name === 'help') {
    io.stdout.write(help)
    return exitCodes.ok
  }
  if (name === '--version') {
    io.stdout.write(`${version()}\n`)
    return exitCodes.ok
  }
  const command = commands.get(name ?? '')
  try {
    if (command === undefined)
      throw new UsageError(
        name === undefined ? 'a command is missing: connect, serve or cert' : `"${name}" is not a command: connect, serve or cert`,
      )
    return await command(rest, io)
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof TransportError)) throw error
    const usage = error instanceof UsageError
    const about = command === undefined ? 'tassel' : `tassel ${name}`
    const hint = usage ? `see ${about} --help\n` : ''
    const event = {
      event: usage ? 'usage' : 'failed',
      alert: null,
      origin: usage ? 'local' : error.origin,
      code: usage ? 'usage' : error.code,
    }
    io.stderr.write(
      args.includes('--json') ? `${printableJson({ ...event, message: error.message })}\n` : `${about}: ${error.message}\n${hint}`,
    )
    return usage ? exitCodes.usage : exitCodes.transport
  }
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

const stop = new AbortController()
// Once: a second signal ends the process at once, as it does by default.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
// A reader that has gone (EPIPE) is the commands' to notice; without a listener it would end the process with a stack trace.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {})

process.exitCode = await main(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  stop: stop.signal,
})
// Input that nobody wants any more must not keep the process; sockets that still deliver an alert may.
process.stdin.destroy()
