import { randomBytes } from 'node:crypto'
import { createNobleProvider } from '../../src/crypto/noble.ts'
import { createNodeProvider } from '../../src/crypto/node.ts'
import { conformance } from './conformance.ts'

conformance({ create: createNodeProvider, other: createNobleProvider({ random: size => new Uint8Array(randomBytes(size)) }) })
