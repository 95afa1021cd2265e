import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Authority, mintAuthority } from '../../src/testing/index.ts'
import { events, killAll, run } from './command.ts'

let folder: string
let root: Authority
let between: Authority
let roots: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tassel-verify-'))
  root = await mintAuthority({ name: 'A Root' })
  between = await root.issueAuthority({ name: 'Between', nameConstraints: { permitted: ['example'] } })
  roots = file('roots.pem', root.certificatePem)
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(killAll)

const file = (name: string, contents: string | Uint8Array) => {
  writeFileSync(join(folder, name), contents)
  return join(folder, name)
}
const verify = (...args: string[]) => run(['cert', 'verify', ...args])

describe('tassel cert verify', () => {
  it('believes a chain that leads to a root, whatever its form', async () => {
    const end = await between.issue({ names: ['a.example'] })
    const chain = file('chain.pem', end.certificatePem + between.certificatePem)
    const { code, stdout, stderr } = await verify(chain, '--ca', roots, '--name', 'a.example')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(String(stdout)).toMatch(/chain.pem: believed\n {2}path: CN=a.example, CN=Between\n {2}root: CN=A Root\n/)
    const alone = await verify(
      file('end.der', end.certificateDer),
      '--ca',
      roots,
      '--untrusted',
      file('between.pem', between.certificatePem),
      '--json',
    )
    expect(events(String(alone.stdout))).toMatchObject([{ event: 'verified', path: ['CN=a.example', 'CN=Between'], root: 'CN=A Root' }])
  })

  it('names the rule that is broken, and where', async () => {
    const end = await between.issue({ names: ['a.example', 'a.test'] })
    const chain = file('constrained.pem', end.certificatePem + between.certificatePem)
    const { code, stdout, stderr } = await verify(chain, '--ca', roots)
    expect({ code, stdout: String(stdout) }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^tassel cert verify: certificate 0 \(CN=a.example\) .*\(certificate-name-constraint; RFC 5280 §4.2.1.10\)$/m)
    expect(events((await verify(chain, '--ca', roots, '--json')).stderr)).toMatchObject([
      { event: 'failed', code: 'certificate-name-constraint', depth: 0, subject: 'CN=a.example', rule: 'RFC 5280 §4.2.1.10', needed: null },
    ])
  })

  it('judges by name, purpose, time, profile and policy', async () => {
    const client = await root.issue({ names: ['a.example'], purposes: ['client'], policies: ['1.2.3'], subject: { C: 'XX' } })
    const path = file('client.pem', client.certificatePem)
    const code = async (...args: string[]) => {
      const { code, stderr } = await verify(path, '--ca', roots, '--json', ...args)
      return code === 0 ? 'believed' : events(stderr)[0]?.code
    }
    expect(await code()).toBe('certificate-purpose')
    expect(await code('--purpose', 'client')).toBe('believed')
    expect(await code('--purpose', '1.3.6.1.5.5.7.3.2')).toBe('believed')
    expect(await code('--purpose', 'any', '--name', 'b.example')).toBe('certificate-name-mismatch')
    expect(await code('--purpose', 'any', '--time', '2020-01-01')).toBe('certificate-not-yet-valid')
    expect(await code('--purpose', 'any', '--time', '2099-01-01T00:00:00Z')).toBe('certificate-expired')
    expect(await code('--purpose', 'any', '--policy', '1.2.4', '--policy', '1.2.3')).toBe('believed')
    expect(await code('--purpose', 'any', '--policy', '1.2.4')).toBe('certificate-policy')
  })

  it('holds a certificate against the rules of the web where it is told to', async () => {
    const path = file('web.pem', (await root.issue({ names: ['a.example'], purposes: [] })).certificatePem)
    expect(await verify(path, '--ca', roots)).toMatchObject({ code: 0 })
    const { code, stderr } = await verify(path, '--ca', roots, '--profile', 'web')
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/\(certificate-profile; BR /) })
  })

  it('believes nobody but the roots of Node.js where it is told of none', async () => {
    const { code, stderr } = await verify(file('own.pem', (await root.issue({ names: ['a.example'] })).certificatePem))
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('issuer-unknown') })
  })

  it('asks revocation lists, and says whether they know enough', async () => {
    const [good, bad] = [await between.issue({ names: ['good.example'] }), await between.issue({ names: ['bad.example'] })]
    const list = file('list.pem', (await between.crl({ revoked: [bad] })).crlPem)
    const rootList = file('root-list.der', (await root.crl()).crlDer)
    const chains = [good, bad].map(({ certificatePem }, i) => file(`chain-${i}.pem`, certificatePem + between.certificatePem)) as [
      string,
      string,
    ]
    const code = async (chain: string, ...args: string[]) => {
      const { code, stderr } = await verify(chain, '--ca', roots, '--json', ...args)
      return code === 0 ? 'believed' : events(stderr)[0]?.code
    }
    expect(await code(chains[0], '--crl', list, '--crl', rootList)).toBe('believed')
    expect(await code(chains[1], '--crl', list, '--crl', rootList)).toBe('certificate-revoked')
    expect(await code(chains[1], '--crl', list, '--revocation', 'off')).toBe('believed')
    expect(await code(chains[0], '--crl', list)).toBe('revocation-unknown')
    expect(await code(chains[0], '--crl', list, '--leaf-only')).toBe('believed')
    expect(await code(chains[0], '--crl', list, '--revocation', 'soft')).toBe('believed')
    expect(await code(chains[0], '--revocation', 'hard')).toBe('revocation-unknown')
    const { stdout } = await verify(chains[0], '--ca', roots, '--crl', list, '--revocation', 'soft')
    expect(String(stdout)).toContain('revocation: good by CRL, unknown\n')
  })

  it('asks OCSP responses, and says where others might be had', async () => {
    const [ocsp, crlDistributionPoints] = [['http://ocsp.example/'], ['http://crl.example/']]
    const end = await root.issue({ names: ['a.example'], tlsFeatures: [5], ocsp, crlDistributionPoints })
    const path = file('asked.pem', end.certificatePem)
    const response = async (status: 'good' | 'revoked') =>
      file(`${status}.der`, await root.ocsp({ certificates: [{ certificate: end, status }] }))
    expect(await verify(path, '--ca', roots, '--ocsp', await response('good'))).toMatchObject({ code: 0 })
    const revoked = await verify(path, '--ca', roots, '--ocsp', await response('revoked'))
    expect(revoked).toMatchObject({ code: 1, stderr: expect.stringMatching(/ was revoked at .*\(certificate-revoked; RFC 6960 /) })
    const missing = await verify(path, '--ca', roots, '--revocation', 'soft')
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringMatching(/\(ocsp-missing; RFC 7633 /) })
    expect(missing.stderr).toContain('  crlDistributionPoints: http://crl.example/\n  ocspResponders: http://ocsp.example/\n')
  })

  it.each([
    ['no file', () => [], /the FILE with the certificate is missing/],
    ['two files', () => [roots, roots], /is too much/],
    ['a file without a certificate', () => [file('key.pem', root.privateKeyPem)], /there is no certificate in it/],
    ['roots that are not there', () => [roots, '--ca', 'missing.pem'], /--ca missing.pem: .*ENOENT/],
    ['a name that cannot be', () => [roots, '--name', 'two words'], /--name: "two words" is no host name/],
    ['a purpose that is unknown', () => [roots, '--purpose', 'servers'], /the purpose is "server", "client"/],
    ['a time that is none', () => [roots, '--time', 'soon'], /--time "soon": expected/],
    [
      'a mode of revocation that is unknown',
      () => [roots, '--revocation', 'maybe'],
      /--revocation: "maybe" is unknown; known: off, soft, hard/,
    ],
    ['a revocation list that is none', () => [roots, '--crl', roots], /--crl .*: there is no revocation list in it/],
    ['a profile that is unknown', () => [roots, '--profile', 'lax'], /--profile: "lax" is unknown/],
  ])('ends with status 2 for %s', async (_, args, message) => {
    const { code, stderr } = await verify(...args())
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) })
  })
})

describe('tassel cert', () => {
  it('says what it takes', async () => {
    for (const [args, said] of [
      [['--help'], /cert show FILE(.|\n)*cert verify FILE(.|\n)*cert mint/],
      [['show', '--help'], /^tassel cert show FILE/],
      [['verify', '-h'], /^tassel cert verify FILE/],
      [['mint', '--help'], /^tassel cert mint --ca PREFIX/],
    ] as const) {
      const { code, stdout } = await run(['cert', ...args])
      expect({ code, stdout: String(stdout) }).toEqual({ code: 0, stdout: expect.stringMatching(said) })
    }
  })

  it.each([
    [[], /a verb is missing: show, verify or mint/],
    [['shw'], /"shw" is no verb/],
  ])('ends with status 2 without a verb that it knows: %j', async (args, message) => {
    const { code, stderr } = await run(['cert', ...args])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) })
  })
})
