/** PKCS#12 files of OpenSSL's programs, and what they leave unsaid. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { encodePem } from '../../../src/x509/index.ts'
import { loadIdentity } from '../../../src/x509/keys/keys.ts'
import { parsePkcs12 } from '../../../src/x509/keys/pkcs12.ts'
import { describeWith, findProgram, inPeers, type Program } from '../../interop/child.ts'
import { providers } from '../../providers.ts'
import * as make from '../build.ts'

const anchor = make.root()
const ca = make.intermediate(anchor)
const leaf = make.leaf(ca)
const pkcs8 = Uint8Array.from(leaf.keys.privateKey.export({ type: 'pkcs8', format: 'der' }))
const chain = [leaf.der, ca.der, anchor.der]
const passphrase = 'pässwörd €𝄞'
const modern = ['-keypbe', 'AES-256-CBC', '-certpbe', 'AES-256-CBC', '-macalg', 'sha256']

const folder = mkdtempSync(join(tmpdir(), 'tassel-pkcs12-'))
afterAll(() => rmSync(folder, { recursive: true }))
const pem = (name: string, ...blocks: readonly string[]) => {
  writeFileSync(join(folder, name), blocks.join(''))
  return join(folder, name)
}
const inputs = [
  ...['-in', pem('leaf.pem', encodePem('CERTIFICATE', leaf.der)), '-inkey', pem('key.pem', encodePem('PRIVATE KEY', pkcs8))],
  // The wrong way round.
  ...['-certfile', pem('chain.pem', encodePem('CERTIFICATE', anchor.der), encodePem('CERTIFICATE', ca.der))],
]

/** Exports as `how` says, under the passphrase that is given. */
function exporter(program: Program): (how: readonly string[], password?: string) => Uint8Array {
  return (how, password = passphrase) => {
    if (program.missing !== undefined) throw new Error(program.missing)
    const [command, ...first] = program.command
    const out = join(folder, 'out.p12')
    const args = ['pkcs12', '-export', ...inputs, '-out', out, '-passout', `pass:${password}`, ...how]
    execFileSync(command, [...first, ...args], { stdio: 'pipe', timeout: 30_000 })
    return new Uint8Array(readFileSync(out))
  }
}

const openssl = findProgram({ name: 'openssl', command: ['openssl'], probe: ['version'], hint: 'apt-get install openssl' })

describeWith(openssl, 'OpenSSL', () => {
  const exported = exporter(openssl)

  it.each([
    [modern],
    [['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-192-CBC', '-macalg', 'sha1']],
    [['-keypbe', 'AES-256-CBC', '-certpbe', 'AES-256-CBC', '-macalg', 'sha384', '-iter', '4000']],
    [[...modern.slice(0, 4), '-macalg', 'sha512', '-nomaciter']],
    [['-keypbe', 'AES-256-CBC', '-certpbe', 'NONE', '-macalg', 'sha256', '-name', 'mine']],
    [['-keypbe', 'NONE', '-certpbe', 'NONE', '-macalg', 'sha256']],
    [[...modern, '-nomac']],
    [[...modern, '-CSP', 'Some Provider', '-keyex']],
  ])('exports by %j what is an identity, in order', how => {
    const pfx = exported(how)
    for (const crypto of providers()) {
      const identity = loadIdentity({ pfx, passphrase, crypto })
      expect(identity.chain).toEqual(chain)
      expect(identity.key.spki).toEqual(crypto.importPrivateKey(pkcs8).spki)
      expect(() => loadIdentity({ pfx, passphrase: 'other', crypto })).toThrow(/its passphrase is wrong, or it was changed/)
    }
  })

  it('exports names and identifiers that are told', () => {
    const [crypto] = providers() as [ReturnType<typeof providers>[0]]
    const { keys, certificates } = parsePkcs12(exported([...modern, '-name', 'Schlüssel €']), { crypto, passphrase })
    expect(keys).toEqual([{ der: pkcs8, friendlyName: 'Schlüssel €', localKeyId: expect.stringMatching(/^[0-9a-f]{40}$/) }])
    expect(certificates[0]).toEqual({ der: leaf.der, friendlyName: 'Schlüssel €', localKeyId: keys[0]?.localKeyId })
  })

  it('exports without a passphrase what needs none', () => {
    const pfx = exported(modern, '')
    for (const crypto of providers()) {
      expect(loadIdentity({ pfx, crypto }).chain).toEqual(chain)
      expect(loadIdentity({ pfx, passphrase: '', crypto }).chain).toEqual(chain)
      expect(() => loadIdentity({ pfx, passphrase, crypto })).toThrow(/its passphrase is wrong/)
    }
  })

  it('exports 3DES and RC2, which are named with what to do', () => {
    const [crypto] = providers()
    const open = (how: readonly string[]) => () => crypto && loadIdentity({ pfx: exported(how), passphrase, crypto })
    const advice = /is not supported: make it anew with "openssl pkcs12 -legacy -in OLD -out all\.pem" and/
    expect(open(['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'NONE'])).toThrow(/encrypted with 3DES \(PKCS#12\)/)
    expect(open(['-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'NONE'])).toThrow(advice)
    if (!hasLegacy()) return
    expect(open(['-legacy'])).toThrow(/encrypted with RC2 of 40 bits \(PKCS#12\)/)
  })

  function hasLegacy(): boolean {
    try {
      exported(['-legacy'])
      return true
    } catch {
      return false
    }
  }
})

const newer = findProgram({
  name: 'openssl-3.5',
  command: [inPeers('openssl-3.5/run'), 'openssl'],
  probe: ['version'],
  hint: 'run scripts/peers',
})

describeWith(newer, 'OpenSSL 3.5', () => {
  const exported = exporter(newer)

  it.each(['SHA256', 'SHA512', 'SHA1'])('exports with PBMAC1 on %s what is an identity', hash => {
    const pfx = exported([...modern, '-pbmac1_pbkdf2', '-pbmac1_pbkdf2_md', hash])
    for (const crypto of providers()) {
      expect(loadIdentity({ pfx, passphrase, crypto }).chain).toEqual(chain)
      expect(() => loadIdentity({ pfx, passphrase: 'other', crypto })).toThrow(/its passphrase is wrong/)
    }
  })
})
