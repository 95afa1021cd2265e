/** Node's own `tls`. */
import { describe } from 'vitest'
import { testContract } from './contract.ts'
import { nodeTls } from './node.ts'

describe(`Node ${process.version}`, () => {
  testContract(nodeTls)
})
