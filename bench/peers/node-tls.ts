/** node:tls, which is OpenSSL: the reference. */
import { once } from 'node:events'
import { connect, createSecureContext } from 'node:tls'
import { kept, type Library, openSocket, StreamLine, settled } from './library.ts'

export function nodeTls(): Library {
  const contextOf = kept(root => createSecureContext({ ca: root, minVersion: 'TLSv1.3' }))
  return {
    name: 'node:tls',
    async connect(target) {
      const socket = await openSocket(target)
      // The cipher suite is the server's to choose; the share has to be in the server's group.
      const ecdhCurve = curves[target.group] ?? target.group
      const secure = connect({ socket, servername: target.serverName, secureContext: contextOf(target.rootPem), ecdhCurve })
      const line = new StreamLine(secure, socket)
      await settled(once(secure, 'secureConnect'), socket)
      return line
    },
  }
}

/** OpenSSL's names for groups. */
export const curves: Readonly<Record<string, string>> = { x25519: 'X25519', secp256r1: 'P-256' }
