/** PostgreSQL on TLS 1.3, and on nothing else. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { certificates, scratch } from './scratch.ts'
import { findServer, postgresFolder, type Server, startServer } from './server.ts'

const folder = postgresFolder()
export const postgres = findServer('postgres', { folder, debian: 'postgresql' })

/**
 * A server whose one user is `tassel`. To the database `postgres` that user comes with a certificate for the common name `tassel`, to
 * `template1` with the password `secret`.
 */
export async function startPostgres(): Promise<Server> {
  const { ca, server } = await certificates()
  const home = scratch('postgres')
  const [data, key, password, access] = ['data', 'server.key', 'password', 'access.conf'].map(name => join(home, name)) as Paths
  copyFileSync(server.key, key)
  writeFileSync(password, 'secret')
  writeFileSync(access, 'hostssl postgres tassel 127.0.0.1/32 cert\nhostssl template1 tassel 127.0.0.1/32 scram-sha-256\n')
  // It reads the private key only where nobody else may.
  run('chmod', '-R', 'go=', home)
  if (privileged) run('chown', '-R', 'postgres:', home)
  const [initdb, ...before] = unprivileged(join(folder, 'initdb'))
  const user = ['--username', 'tassel', '--pwfile', password, '--auth', 'scram-sha-256']
  run(initdb, ...before, '--pgdata', data, ...user, '--no-sync', '--no-locale', '--encoding', 'UTF8')
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    hba_file: access,
    fsync: 'off',
    ssl: 'on',
    ssl_min_protocol_version: 'TLSv1.3',
    ssl_ca_file: ca,
    ssl_cert_file: server.cert,
    ssl_key_file: key,
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const command = unprivileged(join(folder, 'postgres'))
  const started = await startServer({ command }, port => ['-D', data, '-p', String(port), ...options], { quit: 'SIGQUIT' })
  await started.log.said(/database system is ready to accept connections/)
  return started
}

type Paths = [string, string, string, string]

/** PostgreSQL refuses to run as root, and Debian has a user for it. */
const privileged = process.getuid?.() === 0

function unprivileged(program: string): [string, ...string[]] {
  return privileged ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', program] : [program]
}

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: 'pipe', timeout: 60_000 })
}
