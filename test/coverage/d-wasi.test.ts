/** Table D of docs/coverage.md, what `ring` served in WASIX: its row on WebAssembly guests. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { scratch } from '../drivers/scratch.ts'
import { describeWith, findProgram, listeningPort, type Program, start } from '../interop/child.ts'
import { credentials, type Face, holding, request, suspending } from '../wasi/guests.ts'

const openssl = findProgram({ name: 'openssl', command: ['openssl'], probe: ['version'], hint: 'apt-get install openssl' })
const runs: readonly (readonly [Program, Face])[] = [
  ...Object.values(suspending).flatMap(program => (['p2', 'p3'] as const).map(face => [program, face] as const)),
  [holding, 'sync'],
]
const missing = [openssl, ...runs.map(([program]) => program)].find(({ missing }) => missing !== undefined)

describeWith(missing ?? openssl, 'D. `ring` in WASIX: the operations and the uses', () => {
  it('a WebAssembly guest makes outbound HTTPS requests', async () => {
    const [cert, key] = [join(scratch('guests'), 'cert.pem'), join(scratch('guests'), 'key.pem')]
    writeFileSync(cert, credentials.cert)
    writeFileSync(key, credentials.key)
    const server = start(openssl, ['s_server', '-accept', '127.0.0.1:0', '-www', '-tls1_3', '-cert', cert, '-key', key])
    const port = await listeningPort(server)
    for (const [program, face] of runs) {
      const { answer } = await request(program, face, { port, ca: credentials.ca })
      expect(answer).toMatch(/^HTTP\/1\.0 200 ok\r\n.*New, TLSv1\.3, Cipher is TLS_/s)
    }
  })
})
