/** What `tassel cert mint` writes over, and what it does not. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mintAuthority } from '../../src/testing/index.ts'
import { killAll, run } from './command.ts'

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tassel-files-'))
  const { certificatePem, privateKeyPem } = await mintAuthority()
  writeFileSync(path('ca.pem'), certificatePem)
  writeFileSync(path('ca.key'), privateKeyPem)
  symlinkSync(path('ca.key'), path('link.key'))
  writeFileSync(path('old.key'), privateKeyPem, { mode: 0o644 })
})
afterAll(() => {
  killAll()
  rmSync(folder, { recursive: true })
})

const path = (name: string) => join(folder, name)
const mint = (...args: string[]) => run(['cert', 'mint', ...args])
const leaf = (...args: string[]) =>
  mint('--issuer', path('ca.pem'), '--issuer-key', path('ca.key'), '--name', 'a.example', '--key-type', 'Ed25519', ...args)

describe('tassel cert mint leaves every file as it was, and says why', () => {
  const cases: [what: string, command: () => ReturnType<typeof run>, message: RegExp][] = [
    ['where the authority is there already', () => mint('--ca', path('ca')), /--ca .*ca\.key: there is a file already; --force/],
    ['where the key is', () => leaf('--key-out', path('old.key')), /--key-out .*old\.key: there is a file already/],
    [
      'where a certificate would go over a key',
      () => leaf('--out', path('old.key'), '--key-out', path('new.key')),
      /a private key already/,
    ],
    [
      'where the key would go over the issuer’s',
      () => leaf('--key-out', path('ca.key'), '--force'),
      /--key-out .*: it is the file of --issuer-key .*, which would be lost/,
    ],
    [
      'where it would by a link',
      () => leaf('--key-out', path('link.key'), '--force'),
      /--key-out .*link\.key: it is the file of --issuer-key/,
    ],
    [
      'where the certificate would go over the issuer’s',
      () => leaf('--out', path('ca.pem'), '--key-out', path('new.key'), '--force'),
      /--out .*: it is the file of --issuer /,
    ],
    [
      'where certificate and key are one file',
      () => leaf('--out', path('new.key'), '--key-out', join(folder, 'x', '..', 'new.key'), '--force'),
      /--key-out .*: it is the file of --out/,
    ],
    [
      'where the certificate has nowhere to go',
      () => leaf('--out', path('missing/x'), '--key-out', path('old.key'), '--force'),
      /--out .*missing\/x: ENOENT/,
    ],
  ]
  const full = () => leaf('--out', '/dev/full', '--key-out', path('new.key'))
  if (existsSync('/dev/full')) cases.push(['where nothing can be written', full, /--out \/dev\/full: ENOSPC/])

  it.each(cases)('%s', async (_, command, message) => {
    const before = ['ca.pem', 'ca.key', 'old.key'].map(name => readFileSync(path(name), 'utf8'))
    const { code, stdout, stderr } = await command()
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect({ code, stdout: String(stdout) }).toEqual({ code: 2, stdout: '' })
    expect(['ca.pem', 'ca.key', 'old.key'].map(name => readFileSync(path(name), 'utf8'))).toEqual(before)
    expect(existsSync(path('new.key'))).toBe(false)
  })
})

describe('tassel cert mint writes', () => {
  it('over an authority’s certificate, whose key is elsewhere, with --force alone', async () => {
    writeFileSync(path('apart.pem'), 'what was issued needs it')
    expect(await mint('--ca', path('apart'))).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/apart\.pem: there is a file already/),
    })
    expect(readFileSync(path('apart.pem'), 'utf8')).toBe('what was issued needs it')
    expect(existsSync(path('apart.key'))).toBe(false)
    expect(await mint('--ca', path('apart'), '--force')).toMatchObject({ code: 0 })
    expect(new X509Certificate(readFileSync(path('apart.pem'))).ca).toBe(true)
  })

  it('over a key with --force, which then only its owner may read', async () => {
    writeFileSync(path('forced.key'), 'x'.repeat(5000), { mode: 0o644 })
    expect(await leaf('--out', path('forced.pem'), '--key-out', path('forced.key'), '--force')).toMatchObject({ code: 0 })
    const certificate = new X509Certificate(readFileSync(path('forced.pem')))
    expect(certificate.checkPrivateKey(createPrivateKey(readFileSync(path('forced.key'))))).toBe(true)
    expect(statSync(path('forced.key')).mode & 0o777).toBe(0o600)
  })

  it('over an empty file and over a certificate without it', async () => {
    writeFileSync(path('empty.key'), '')
    writeFileSync(path('stale.pem'), readFileSync(path('ca.pem')))
    expect(await leaf('--out', path('stale.pem'), '--key-out', path('empty.key'))).toMatchObject({ code: 0 })
    expect(new X509Certificate(readFileSync(path('stale.pem'))).subject).toBe('CN=a.example')
  })

  it('to a device', async () => {
    expect(await leaf('--out', '/dev/null', '--key-out', '/dev/null')).toMatchObject({ code: 0 })
  })
})
