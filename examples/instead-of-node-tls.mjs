/**
 * Puts Tassel in the place of `node:tls`, for what can't be given a connection: whatever in this process connects by Node's module (databases, mail,
 * `node:https`, `node:http2` …) does so by Tassel from now on, without a change to it. To be loaded before all else:
 *
 *     node --import ./examples/instead-of-node-tls.mjs application.mjs
 */
import { syncBuiltinESMExports } from 'node:module'
import tls from 'node:tls'
import tassel from 'tassel/node'

// Constants stay: Node has made some of them read-only.
for (const [name, value] of Object.entries(tassel)) if (typeof value === 'function' && name in tls) tls[name] = value
syncBuiltinESMExports()
