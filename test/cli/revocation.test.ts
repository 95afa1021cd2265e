/** The flags that judge more than the chain: revocation lists, stapled responses, the profile of the web. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { mintAuthority } from '../../src/testing/index.ts'
import { converse, events, interrupt, killAll, run, type Serving, serve } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'tassel-revocation-'))
const file = (name: string) => join(folder, name)

beforeAll(async () => {
  const authority = await mintAuthority()
  const [server, client] = await Promise.all([authority.issue({ names: ['localhost'] }), authority.issue({ names: ['client.example'] })])
  const bare = await authority.issue({ names: ['localhost'], purposes: [] })
  const write = (name: string, contents: string | Uint8Array) => writeFileSync(file(name), contents)
  write('ca.pem', authority.certificatePem)
  write('cert.pem', server.certificatePem)
  write('key.pem', server.privateKeyPem)
  write('bare.pem', bare.certificatePem)
  write('bare.key', bare.privateKeyPem)
  write('client.pem', client.certificatePem)
  write('client.key', client.privateKeyPem)
  write('nobody.crl', (await authority.crl()).crlPem)
  write('server.crl', (await authority.crl({ revoked: [server] })).crlDer)
  write('client.crl', (await authority.crl({ revoked: [client] })).crlPem)
  write('good.ocsp', await authority.ocsp({ certificates: [server] }))
  write('revoked.ocsp', await authority.ocsp({ certificates: [{ certificate: server, status: 'revoked' }] }))
})
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(killAll)

const serving = (...more: string[]) => serve(['--cert', file('cert.pem'), '--key', file('key.pem'), '--echo', '--json', ...more])
const to = ({ port }: Serving, ...more: string[]) => [
  ...['connect', `127.0.0.1:${port}`, '--servername', 'localhost', '--json', '--ca', file('ca.pem')],
  ...more,
]
const outcome = async (args: string[]) => {
  const { code, stderr } = await converse(args)
  return [code, events(stderr).find(({ event }) => event === 'failed')?.code]
}

it('a server that the list has is refused, one that it does not have is not', async () => {
  const server = await serving()
  expect(await outcome(to(server, '--crl', file('nobody.crl')))).toEqual([0, undefined])
  expect(await outcome(to(server, '--crl', file('server.crl')))).toEqual([1, 'certificate-revoked'])
  expect(await outcome(to(server, '--crl', file('server.crl'), '--revocation', 'off'))).toEqual([0, undefined])
})

it('a stapled response is asked for and judged', async () => {
  const judging = ['--revocation', 'hard']
  expect(await outcome(to(await serving('--ocsp', file('good.ocsp')), ...judging))).toEqual([0, undefined])
  expect(await outcome(to(await serving('--ocsp', file('revoked.ocsp')), ...judging))).toEqual([1, 'certificate-revoked'])
  expect(await outcome(to(await serving(), ...judging))).toEqual([1, 'revocation-unknown'])
  expect(await outcome(to(await serving(), '--revocation', 'soft'))).toEqual([0, undefined])
})

it('a server refuses a client that the list has', async () => {
  const server = await serving('--client-auth', 'require', '--ca', file('ca.pem'), '--crl', file('client.crl'))
  const { code } = await converse(to(server, '--cert', file('client.pem'), '--key', file('client.key')))
  expect(code).toBe(1)
  const { stderr } = await interrupt(server)
  expect(events(stderr).find(({ event }) => event === 'failed')).toMatchObject({
    code: 'certificate-revoked',
    alert: 'certificate_revoked',
  })
})

it('the profile of the web asks for more', async () => {
  const server = await serve(['--cert', file('bare.pem'), '--key', file('bare.key'), '--echo', '--json'])
  expect(await outcome(to(server))).toEqual([0, undefined])
  expect(await outcome(to(server, '--profile', 'web'))).toEqual([1, 'certificate-profile'])
})

it.each([
  [['connect', 'a:1', '--profile', 'strict'], /--profile: "strict" is unknown; known: rfc5280, web/],
  [['connect', 'a:1', '--revocation', 'maybe'], /--revocation: "maybe" is unknown; known: off, soft, hard/],
  [['connect', 'a:1', '--crl', file('ca.pem')], /--crl .*ca\.pem: there is no revocation list in it/],
  [['connect', 'a:1', '--insecure', '--crl', file('nobody.crl')], /--insecure believes any certificate: it does not go with --crl/],
  [['serve', '--self-signed', 'a', '--crl', file('nobody.crl')], /--crl says which client certificates to believe: it needs --client-auth/],
])('%j is wrong usage', async (args, message) => {
  const { code, stderr } = await run(args)
  expect(stderr).toMatch(message)
  expect(code).toBe(2)
})
