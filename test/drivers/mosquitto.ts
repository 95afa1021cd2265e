/** Mosquitto, an MQTT broker, on TLS 1.3. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { certificates, scratch } from './scratch.ts'
import { findServer, type Server, startServer } from './server.ts'

export const mosquitto = findServer('mosquitto')

/** A broker for clients with a certificate of the authority: their common name is whom it takes them for. */
export async function startMosquitto(): Promise<Server> {
  const { ca, server } = await certificates()
  const file = join(scratch('mosquitto'), 'mosquitto.conf')
  return startServer(mosquitto, port => {
    const lines = [
      `listener ${port} 127.0.0.1`,
      `cafile ${ca}`,
      `certfile ${server.cert}`,
      `keyfile ${server.key}`,
      'tls_version tlsv1.3',
      'require_certificate true',
      'use_identity_as_username true',
      'allow_anonymous false',
      'log_dest stderr',
      'log_type all',
      // Started by root it would change to a user who can't read the key.
      'user root',
    ]
    writeFileSync(file, `${lines.join('\n')}\n`)
    return ['-c', file]
  })
}
