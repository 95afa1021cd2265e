/** OpenSSL as Debian has it. */
import { describeWith, findProgram } from './child.ts'
import { testContract } from './contract.ts'
import { openssl } from './openssl.ts'
import { testCommand, testOpenssl } from './openssl-own.ts'

const program = findProgram({ name: 'openssl', command: ['openssl'], probe: ['version'], hint: 'apt-get install openssl' })

describeWith(program, 'OpenSSL', () => {
  testContract(openssl(program))
  testOpenssl(program)
  testCommand(program)
})
