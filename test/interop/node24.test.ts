/** Node 24, with X25519MLKEM768. */
import { describeWith } from './child.ts'
import { testContract } from './contract.ts'
import { node24, node24Program } from './node24.ts'

describeWith(node24Program, 'Node 24', () => {
  testContract(node24(node24Program))
})
