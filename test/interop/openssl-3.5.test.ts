/** OpenSSL 3.5, with X25519MLKEM768. */
import { describeWith, findProgram, inPeers } from './child.ts'
import { testContract } from './contract.ts'
import { openssl } from './openssl.ts'
import { testOpenssl } from './openssl-own.ts'
import { hybrid } from './peer.ts'

const program = findProgram({
  name: 'openssl-3.5',
  command: [inPeers('openssl-3.5/run'), 'openssl'],
  probe: ['version'],
  hint: 'run scripts/peers',
})

describeWith(program, 'OpenSSL 3.5', () => {
  testContract(openssl(program, [hybrid]))
  testOpenssl(program)
})
