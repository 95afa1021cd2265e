/** What the examples read from files, as their first argument names the folder; and how they end. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const read = name => readFileSync(join(process.argv[2], name), 'latin1')

export const files = {
  ca: read('ca.pem'),
  serverKey: read('server-key.pem'),
  serverCert: read('server-cert.pem'),
  clientKey: read('client-key.pem'),
  clientCert: read('client-cert.pem'),
}

export function free(server) {
  server.close(() => console.log('server closed'))
}
