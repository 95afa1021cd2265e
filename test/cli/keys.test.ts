/** Keys behind a passphrase, as the command line takes them. */
import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { decodePem, encodePem } from '../../src/x509/index.ts'
import { bag, encryptedKey, mac, part, pfx } from '../x509/keys/pfx.ts'
import { converse, interrupt, killAll, run, serve } from './command.ts'
import { type Files, writeCredentials } from './credentials.ts'

const passphrase = 'open sésame'
let folder: string
let files: Files
let encrypted: string
let pkcs12: string
let secret: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tassel-keys-'))
  files = await writeCredentials(folder)
  const write = (name: string, contents: string | Uint8Array) => {
    const path = join(folder, name)
    writeFileSync(path, contents)
    return path
  }
  const key = new Uint8Array(createPrivateKey(readFileSync(files.key)).export({ type: 'pkcs8', format: 'der' }))
  const [certificate] = decodePem(readFileSync(files.cert, 'utf8'))
  if (!certificate) throw new Error('there is no certificate')
  encrypted = write('encrypted.pem', encodePem('ENCRYPTED PRIVATE KEY', encryptedKey(key, { password: passphrase })))
  const parts = [
    part.encrypted({ password: passphrase }, bag.certificate(certificate.bytes)),
    part.plain(bag.shrouded(key, { password: passphrase })),
  ]
  pkcs12 = write('identity.p12', pfx(parts, mac({ password: passphrase })))
  secret = write('passphrase.txt', `${passphrase}\r\nand a second line, which is not read\n`)
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(killAll)

it.each(['node', 'noble'])('with the provider %s, serve and connect take an encrypted key and a PKCS#12 file', async provider => {
  const keys = [
    ['--cert', files.cert, '--key', encrypted],
    ['--pfx', pkcs12],
  ]
  for (const key of keys) {
    const identity = [...key, '--passphrase-file', secret, '--provider', provider]
    const server = await serve([...identity, '--echo', '--json', '--client-auth', 'require', '--ca', files.ca])
    const { code, stdout } = await converse(
      ['connect', `127.0.0.1:${server.port}`, '--servername', 'localhost', '--ca', files.ca, ...identity],
      'hello',
    )
    expect([code, String(stdout)]).toEqual([0, 'hello'])
    expect((await interrupt(server)).stderr).toContain('"peer":["CN=localhost"]')
  }
})

it('a passphrase that is missing or wrong is told, and never repeated', async () => {
  const wrong = join(folder, 'wrong.txt')
  writeFileSync(wrong, 'c0ffee')
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['--cert', files.cert, '--key', encrypted], /--cert .* --key .*: the private key is encrypted: it needs its passphrase/],
    [['--cert', files.cert, '--key', encrypted, '--passphrase-file', wrong], /--key .*: .* its passphrase is wrong, or it was changed/],
    [['--pfx', pkcs12], /--pfx .*: .* it needs its passphrase/],
    [['--pfx', pkcs12, '--passphrase-file', wrong], /--pfx .*: .* its passphrase is wrong, or it was changed/],
  ]
  for (const [args, message] of cases) {
    const { code, stderr } = await run(['serve', ...args])
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('c0ffee')
  }
})
