/** Node's own `tls` as a peer. Runs in the tests' process and, by itself, in a newer Node's: it imports nothing else of the project. */
import { readFileSync } from 'node:fs'
import { connect, createServer, type Server, type TLSSocket } from 'node:tls'
import type { Agreed, PeerOptions } from './peer.ts'

/** `PeerOptions` as JSON can carry them. */
export type SocketOptions = Omit<PeerOptions, 'credential'> & {
  readonly credential?: { readonly certFile: string; readonly keyFile: string }
}

/** A server for one connection; `listen` is the caller's. */
export function serverFor(options: SocketOptions, onSocket: (socket: TLSSocket) => void, onError: (error: Error) => void): Server {
  const believes = options.ca !== undefined
  const server = createServer({ ...common(options), requestCert: believes, rejectUnauthorized: believes }, onSocket)
  return server.on('tlsClientError', onError)
}

export function clientFor(port: number, options: SocketOptions): TLSSocket {
  const rejectUnauthorized = options.ca !== undefined
  return connect({ ...common(options), host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized })
}

function common({ suites, groups, version, alpn, credential, ca }: SocketOptions) {
  return {
    allowHalfOpen: true,
    ...(version === undefined ? { minVersion: 'TLSv1.3' as const } : { maxVersion: version }),
    ...(suites ? { ciphers: suites.join(':') } : {}),
    ...(groups ? { ecdhCurve: groups.join(':') } : {}),
    ...(alpn ? { ALPNProtocols: [...alpn] } : {}),
    ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
    ...(credential ? { cert: readFileSync(credential.certFile), key: readFileSync(credential.keyFile) } : {}),
  }
}

export function agreedOn(socket: TLSSocket): Agreed {
  const { alpnProtocol } = socket
  // On a server's socket: what the client asked for.
  const servername = 'servername' in socket && typeof socket.servername === 'string' ? socket.servername : undefined
  const group = groupOf(socket)
  return {
    suite: socket.getCipher().standardName,
    ...(group === undefined ? {} : { group }),
    ...(alpnProtocol ? { alpn: alpnProtocol } : {}),
    ...(servername === undefined ? {} : { serverName: servername }),
  }
}

/** Only a client tells it, and by OpenSSL's name. */
function groupOf(socket: TLSSocket): string | undefined {
  const key = socket.getEphemeralKeyInfo()
  if (key === null || !('name' in key) || typeof key.name !== 'string') return undefined
  return key.name === 'prime256v1' ? 'secp256r1' : key.name.replace('X25519', 'x25519')
}

/** The alert that this error tells of. */
export function alertIn(error: Error): number | undefined {
  const number = /SSL alert number (\d+)/.exec(error.message)?.[1]
  return number === undefined ? undefined : Number(number)
}
