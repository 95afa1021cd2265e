/** Redis on TLS 1.3, and on nothing else. */
import { certificates, scratch } from './scratch.ts'
import { findServer, type Server, startServer } from './server.ts'

export const redis = findServer('redis-server')

/** A server for clients with a certificate of the authority. */
export async function startRedis(): Promise<Server> {
  const { ca, server } = await certificates()
  return startServer(redis, port => [
    ...['--bind', '127.0.0.1', '--port', '0', '--tls-port', String(port)],
    ...['--tls-protocols', 'TLSv1.3', '--tls-auth-clients', 'yes'],
    ...['--tls-ca-cert-file', ca, '--tls-cert-file', server.cert, '--tls-key-file', server.key],
    ...['--dir', scratch('redis'), '--save', '', '--appendonly', 'no'],
  ])
}
