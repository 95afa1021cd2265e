import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { events, killAll, run } from './command.ts'
import { type Files, writeCredentials } from './credentials.ts'

let folder: string
let pem: Files
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tassel-usage-'))
  pem = await writeCredentials(folder)
  writeFileSync(join(folder, 'notes.txt'), 'no certificate here\n')
})
// Not after each: the cases run at once.
afterAll(() => {
  killAll()
  rmSync(folder, { recursive: true })
})

describe('Wrong usage ends with status 2 and says what was wrong:', () => {
  const missing = 'does-not-exist.pem'
  const cases: [what: string, args: () => string[], message: RegExp][] = [
    ['no command', () => [], /a command is missing/],
    ['an unknown command', () => ['conect', 'a:1'], /"conect" is not a command/],
    ['no address', () => ['connect'], /HOST:PORT is missing/],
    ['two addresses', () => ['connect', 'a:1', 'b:2'], /"b:2" is too much/],
    ['no port', () => ['connect', 'example.com'], /"example.com" is not an address/],
    ['no host', () => ['connect', ':443'], /":443" is not an address/],
    ['a port that is no number', () => ['connect', 'a:https'], /"https" is not a port/],
    ['port 0 to connect to', () => ['connect', 'a:0'], /"0" is not a port/],
    ['a port beyond 65535', () => ['connect', 'a:65536'], /"65536" is not a port/],
    ['IPv6 without brackets', () => ['connect', '::1:443'], /brackets/],
    ['an unknown option', () => ['connect', 'a:1', '--frobnicate'], /Unknown option '--frobnicate'/],
    ['an option without its value', () => ['connect', 'a:1', '--ca'], /'--ca <value>' argument missing/],
    ['a name that cannot be', () => ['connect', 'a:1', '--servername', 'two words'], /"two words" is no host name/],
    ['an unknown group', () => ['connect', 'a:1', '--groups', 'P-256,P-257'], /--groups: "P-257" is unknown; known: .*x25519/],
    [
      'an unknown cipher suite',
      () => ['connect', 'a:1', '--ciphers', 'RC4'],
      /--ciphers: "RC4" is unknown; known: .*TLS_AES_128_GCM_SHA256/,
    ],
    ['an unknown signature scheme', () => ['connect', 'a:1', '--sigalgs', 'md5'], /--sigalgs: "md5" is unknown; known: .*ed25519/],
    ['an RSA scheme of certificates alone', () => ['connect', 'a:1', '--sigalgs', 'rsa_pkcs1_sha256'], /"rsa_pkcs1_sha256" is unknown/],
    ['a group named twice', () => ['connect', 'a:1', '--groups', 'P-256,secp256r1'], /twice/],
    ['an empty item in a list', () => ['connect', 'a:1', '--alpn', 'h2,,x'], /--alpn "h2,,x": expected names/],
    ['a protocol that is too long', () => ['connect', 'a:1', '--alpn', 'x'.repeat(256)], /is not a protocol/],
    ['an unknown provider', () => ['connect', 'a:1', '--provider', 'openssl'], /"openssl" is unknown; known: node, noble/],
    ['a timeout of nothing', () => ['connect', 'a:1', '--timeout', '0'], /--timeout "0": expected seconds/],
    ['a CA file that is not there', () => ['connect', 'a:1', '--ca', missing], /--ca does-not-exist.pem: .*ENOENT/],
    ['a CA file without a certificate', () => ['connect', 'a:1', '--ca', join(folder, 'notes.txt')], /there is no certificate/],
    ['both --ca and --insecure', () => ['connect', 'a:1', '--insecure', '--ca', missing], /--insecure believes any certificate/],
    ['a certificate without a key', () => ['connect', 'a:1', '--cert', missing], /--cert needs --key/],
    ['a key without a certificate', () => ['connect', 'a:1', '--key', missing], /--key needs --cert/],
    [
      'a certificate that is not there',
      () => ['connect', 'a:1', '--cert', missing, '--key', missing],
      /--cert does-not-exist.pem: .*ENOENT/,
    ],
    ['a key of another certificate', () => ['connect', 'a:1', '--cert', pem.cert, '--key', pem.otherKey], /--cert .* --key .*: .*key/],
    ['a key file without a key', () => ['connect', 'a:1', '--cert', pem.cert, '--key', join(folder, 'notes.txt')], /--key/],
    ['a key log that cannot be written', () => ['connect', 'a:1', '--keylog', folder], /--keylog .*EISDIR/],
    ['a server without an identity', () => ['serve'], /either --cert FILE --key FILE or --self-signed NAME/],
    ['a server with two identities', () => ['serve', '--self-signed', 'a', '--cert', pem.cert, '--key', pem.key], /either --cert/],
    ['an argument that serve does not take', () => ['serve', 'a:1'], /"a:1" is too much/],
    ['a self-signed name that cannot be', () => ['serve', '--self-signed', 'two words'], /"two words" is no host name/],
    ['both --echo and --http', () => ['serve', '--self-signed', 'a', '--echo', '--http'], /either --echo or --http/],
    ['--http with protocols of its own', () => ['serve', '--self-signed', 'a', '--http', '--alpn', 'h2'], /http\/1.1 only/],
    [
      'an unknown client-auth',
      () => ['serve', '--self-signed', 'a', '--client-auth', 'maybe'],
      /"maybe" is unknown; known: request, require/,
    ],
    ['client-auth without a CA', () => ['serve', '--self-signed', 'a', '--client-auth', 'require'], /--client-auth needs --ca/],
    ['a CA without client-auth', () => ['serve', '--self-signed', 'a', '--ca', pem.cert], /needs --client-auth/],
    ['--cert-out without --self-signed', () => ['serve', '--cert', pem.cert, '--key', pem.key, '--cert-out', missing], /--cert-out/],
    ['a port to serve that is no number', () => ['serve', '--self-signed', 'a', '--port', '-1'], /port/],
  ]

  it.concurrent.each(cases)('%s', async (_what, args, message) => {
    const { code, stdout, stderr } = await run(args())
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect({ code, stdout: String(stdout) }).toEqual({ code: 2, stdout: '' })
  })

  it('with --json as one object', async () => {
    const { code, stderr } = await run(['connect', 'nowhere', '--json'])
    expect(code).toBe(2)
    expect(events(stderr)).toEqual([
      { event: 'usage', alert: null, origin: 'local', code: 'usage', message: expect.stringContaining('"nowhere"') },
    ])
  })
})

describe('Help', () => {
  it('names the commands', async () => {
    const { code, stdout } = await run(['--help'])
    expect(code).toBe(0)
    expect(String(stdout)).toMatch(/tassel connect(.|\n)*tassel serve/)
  })

  it('of a command names each of its options', async () => {
    const [connect, serve] = await Promise.all([run(['connect', '--help']), run(['serve', '-h'])])
    const shared = ['--alpn', '--ca', '--cert', '--ciphers', '--groups', '--json', '--key ', '--keylog', '--provider', '--sigalgs']
    for (const option of [...shared, '--servername', '--insecure', '--timeout']) expect(String(connect.stdout)).toContain(option)
    for (const option of [...shared, '--self-signed', '--client-auth', '--echo', '--http', '--once', '--host', '--port']) {
      expect(String(serve.stdout)).toContain(option)
    }
  })

  it('--version prints the version of the package', async () => {
    const { code, stdout } = await run(['--version'])
    expect({ code, stdout: String(stdout) }).toEqual({ code: 0, stdout: `${packageJson.version}\n` })
  })
})
