/**
 * Puts Tassel in the place of `node:tls`, for what can't be given a connection: each client in this process that encrypts by Node's module
 * (databases, mail, `node:https`, `node:http2` …) does by Tassel from now on, without a change to it. To be loaded before all else:
 *
 *     node --import ./examples/instead-of-node-tls.mjs application.mjs
 */
import { syncBuiltinESMExports } from 'node:module'
import tls from 'node:tls'
import { connect, createSecureContext, TLSSocket } from 'tassel/node'

Object.assign(tls, { connect, createSecureContext, TLSSocket })
syncBuiltinESMExports()
