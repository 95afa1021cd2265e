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
    ['an unknown provider', () => ['connect', 'a:1', '--provider', 'openssl'], /"openssl" is unknown; known: node, wasm, noble/],
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
    ['a key and a file that has one', () => ['connect', 'a:1', '--key', pem.key, '--pfx', missing], /--pfx holds certificate and key/],
    ['a PKCS#12 file that is not there', () => ['serve', '--pfx', missing], /--pfx does-not-exist.pem: .*ENOENT/],
    ['a PKCS#12 file that is none', () => ['serve', '--pfx', pem.cert], /--pfx .*: the PKCS#12 file is malformed/],
    ['a passphrase for nothing', () => ['connect', 'a:1', '--passphrase-file', missing], /--passphrase-file is for --key or --pfx/],
    [
      'a passphrase that is not there',
      () => ['connect', 'a:1', '--cert', pem.cert, '--key', pem.key, '--passphrase-file', missing],
      /--passphrase-file does-not-exist.pem: .*ENOENT/,
    ],
    ['a key log that cannot be written', () => ['connect', 'a:1', '--keylog', folder], /--keylog .*EISDIR/],
    ['a server without an identity', () => ['serve'], /either --cert FILE --key FILE, or --pfx FILE, or --self-signed NAME/],
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
    ['early data without a session', () => ['connect', 'a:1', '--early-data', missing], /--early-data needs --session-in/],
    ['a session that is not there', () => ['connect', 'a:1', '--session-in', missing], /--session-in does-not-exist.pem: .*ENOENT/],
    ['a session file without one', () => ['connect', 'a:1', '--session-in', join(folder, 'notes.txt')], /--session-in .*: .*not a session/],
    ['a session that cannot be written', () => ['connect', 'a:1', '--session-out', folder], /--session-out .*EISDIR/],
    ['a PSK without its key', () => ['connect', 'a:1', '--psk', 'alice'], /--psk: expected IDENTITY:HEX/],
    ['a PSK without its name', () => ['serve', '--psk', ':00112233445566778899aabbccddeeff'], /--psk: expected IDENTITY:HEX/],
    ['a PSK that is not hexadecimal', () => ['serve', '--psk', 'alice:secret'], /--psk "alice": the key is not hexadecimal/],
    ['a PSK with half a byte', () => ['connect', 'a:1', '--psk-imported', 'bob:123'], /--psk-imported "bob": the key is not hexadecimal/],
    ['a PSK that is too short', () => ['connect', 'a:1', '--psk', 'alice:0011'], /--psk "alice": the key has 2 bytes, and needs 16/],
    [
      'a PSK named twice',
      () => ['connect', 'a:1', '--psk', `a:${'0'.repeat(32)}`, '--psk', `a:${'1'.repeat(32)}`],
      /--psk: the identity "a" is there twice/,
    ],
    ['an unknown PSK mode', () => ['connect', 'a:1', '--psk-modes', 'dhe'], /--psk-modes: "dhe" is unknown; known: psk_dhe_ke, psk_ke/],
    [
      'a record size limit that is too small',
      () => ['connect', 'a:1', '--record-size-limit', '63'],
      /"63": expected a number from 64 to 16385/,
    ],
    ['a record size limit that is no number', () => ['connect', 'a:1', '--record-size-limit', '1k'], /--record-size-limit "1k": expected/],
    ['an unknown certificate type', () => ['connect', 'a:1', '--certificate-types', 'pgp'], /"pgp" is unknown; known: X509, RawPublicKey/],
    ['a certificate type named twice', () => ['connect', 'a:1', '--certificate-types', 'raw,RawPublicKey'], /--certificate-types .*twice/],
    ['an exporter without a length', () => ['connect', 'a:1', '--export', 'EXPORTER-x'], /--export "EXPORTER-x": expected LABEL:LENGTH/],
    ['an exporter without a label', () => ['connect', 'a:1', '--export', ':32'], /--export ":32": expected LABEL:LENGTH/],
    ['an exporter with a label that is not ASCII', () => ['connect', 'a:1', '--export', 'é:32'], /249 ASCII characters/],
    ['an exporter with a label that is too long', () => ['connect', 'a:1', '--export', `${'x'.repeat(250)}:32`], /249 ASCII characters/],
    ['an exporter of nothing', () => ['connect', 'a:1', '--export', 'x:0'], /--export "x:0": the length is "0", expected 1 to 8160/],
    ['an exporter of too much', () => ['serve', '--self-signed', 'a', '--export', 'x:8161'], /the length is "8161", expected 1 to 8160/],
    [
      'tickets that are too many',
      () => ['serve', '--self-signed', 'a', '--tickets', '256'],
      /--tickets "256": expected a number from 0 to 255/,
    ],
    [
      'early data that is too much',
      () => ['serve', '--self-signed', 'a', '--max-early-data', '4294967296'],
      /--max-early-data "4294967296"/,
    ],
    ['early data without tickets', () => ['serve', '--self-signed', 'a', '--tickets', '0', '--max-early-data', '1'], /--tickets 0/],
    ['a staple that is not there', () => ['serve', '--self-signed', 'a', '--ocsp', missing], /--ocsp does-not-exist.pem: .*ENOENT/],
    ['a staple that is no DER', () => ['serve', '--self-signed', 'a', '--ocsp', pem.cert], /--ocsp .*no OCSP response in DER/],
    [
      'a staple without a certificate',
      () => ['serve', '--psk', `a:${'0'.repeat(32)}`, '--ocsp', pem.cert],
      /--ocsp is about a certificate/,
    ],
    ['asking later without a CA', () => ['serve', '--self-signed', 'a', '--post-handshake-auth'], /--post-handshake-auth needs --ca/],
    ['a port to serve that is no number', () => ['serve', '--self-signed', 'a', '--port', '-1'], /port/],
  ]

  it.concurrent.each(cases)('%s', async (_what, args, message) => {
    const { code, stdout, stderr } = await run(args())
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect({ code, stdout: String(stdout) }).toEqual({ code: 2, stdout: '' })
  })

  it('and never repeats the key of a PSK', async () => {
    for (const psk of ['alice:00c0ffee', 'alice:c0ffee0', 'c0ffee']) {
      const { stderr } = await run(['connect', 'a:1', '--psk', psk])
      expect(stderr).not.toContain('c0ffee')
    }
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
    const shared = [
      ...[
        '--alpn',
        '--ca',
        '--cert',
        '--certificate-types',
        '--ciphers',
        '--compress-certificates',
        '--export',
        '--groups',
        '--json',
        '--key',
      ],
      ...[
        '--key-update',
        '--keylog',
        '--crl',
        '--passphrase-file',
        '--pfx',
        '--post-handshake-auth',
        '--profile',
        '--provider',
        '--psk',
        '--psk-imported',
        '--psk-modes',
        '--record-size-limit',
        '--revocation',
      ],
      ...['--sigalgs'],
    ]
    const ours = ['--servername', '--insecure', '--timeout', '--session-in', '--session-out', '--early-data', '--request-ocsp']
    const theirs = [
      '--self-signed',
      '--client-auth',
      '--echo',
      '--http',
      '--once',
      '--host',
      '--port',
      '--tickets',
      '--max-early-data',
      '--ocsp',
    ]
    for (const option of [...shared, ...ours]) expect(String(connect.stdout)).toContain(` ${option} `)
    for (const option of [...shared, ...theirs]) expect(String(serve.stdout)).toContain(` ${option} `)
  })

  it('--version prints the version of the package', async () => {
    const { code, stdout } = await run(['--version'])
    expect({ code, stdout: String(stdout) }).toEqual({ code: 0, stdout: `${packageJson.version}\n` })
  })
})
