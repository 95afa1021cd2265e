/**
 * Preloaded into the examples that the tests run (`node --import`): whoever makes or takes a connection by Node's own TLS in that process
 * gets an error. What is encrypted nevertheless, Tassel has encrypted.
 */
import { syncBuiltinESMExports } from 'node:module'
import tls from 'node:tls'

for (const name of ['connect', 'createConnection', 'createSecureContext', 'createSecurePair', 'createServer', 'Server', 'TLSSocket']) {
  tls[name] = function refused() {
    throw new Error(`node:tls was used: ${name}`)
  }
}
syncBuiltinESMExports()
