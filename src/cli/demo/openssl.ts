/** The demo's second opinion: OpenSSL as the other side, each way, where it is installed. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'

const patience = 5_000

/** `OpenSSL 3.0.19`; `undefined` where there is none that speaks TLS 1.3. */
export async function opensslVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('openssl', ['version'], { timeout: patience })
    return /^OpenSSL (?:[3-9]|1\.1\.1)\S*/.exec(stdout)?.[0]
  } catch {
    return undefined
  }
}

/** `openssl s_client` against our server: sends an HTTP request, verifies our certificate; resolves with what it got and what it says. */
export async function opensslClient(options: { port: number; name: string; ca: string }): Promise<{ answer: string; summary: string }> {
  const { port, name, ca } = options
  const child = spawn('openssl', [
    ...['s_client', '-connect', `127.0.0.1:${port}`, '-servername', name, '-tls1_3', '-alpn', 'http/1.1'],
    ...['-CAfile', ca, '-verify_hostname', name, '-verify_return_error', '-brief', '-ign_eof'],
  ])
  const bounded = setTimeout(() => child.kill(), patience)
  child.stdin.end(`GET /openssl HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`)
  const [answer, summary, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  clearTimeout(bounded)
  if (code !== 0) throw new Error(`openssl s_client ended with ${code}: ${lastLine(summary)}`)
  return { answer, summary }
}

/** `openssl s_server` with this identity, answering HTTP; `stop` ends it. */
export async function opensslServer(options: { cert: string; key: string }): Promise<{ port: number; stop: () => void }> {
  const { cert, key } = options
  const child = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', '-cert', cert, '-key', key, '-tls1_3', '-www'])
  const bounded = setTimeout(() => child.kill(), patience)
  child.once('close', () => clearTimeout(bounded))
  return { port: await announcedPort(child), stop: () => child.kill() }
}

function announcedPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stdout?.on('data', chunk => {
      said += chunk
      const port = /ACCEPT \S*:(\d+)/.exec(said)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
    child.once('close', code => reject(new Error(`openssl s_server ended with ${code}`)))
    child.once('error', reject)
  })
}

function lastLine(lines: string): string {
  return lines.trim().split('\n').at(-1) ?? ''
}
