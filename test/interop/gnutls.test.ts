/** GnuTLS as Debian has it. */
import { describeWith, findProgram } from './child.ts'
import { testContract } from './contract.ts'
import { gnutls } from './gnutls.ts'
import { testGnutls } from './gnutls-own.ts'

// Line by line, or what the programs say stays with them while they run.
const hint = 'apt-get install gnutls-bin'
const server = findProgram({ name: 'gnutls-serv', command: ['stdbuf', '-oL', 'gnutls-serv'], probe: ['--version'], hint })
const client = findProgram({ name: 'gnutls-cli', command: ['stdbuf', '-oL', 'gnutls-cli'], probe: ['--version'], hint })
const wget = findProgram({ name: 'wget', command: ['wget'], probe: ['--version'], hint: 'apt-get install wget' })

describeWith(server.missing === undefined ? client : server, 'GnuTLS', () => {
  testContract(gnutls({ server, client }))
  testGnutls({ server, client, wget })
})
