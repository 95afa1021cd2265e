/** Revocation, name constraints and policies over the wire with OpenSSL's and GnuTLS's programs: what is stapled, what is on a CRL, who refuses whom. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { alerts } from '../../src/error.ts'
import { type Authority, type IssueOptions, type Minted, mintAuthority, type OcspAnswer } from '../../src/testing/index.ts'
import type { TrustStore } from '../../src/types.ts'
import { createTrustStore, loadIdentity, type TrustStoreOptions } from '../../src/x509/index.ts'
import { type Child, describeWith, findProgram, inPeers, listeningPort, type Program, start } from './child.ts'
import { type Credential, scratch } from './credentials.ts'
import { dial, listen } from './engine.ts'
import { clientArguments as gnutlsArguments } from './gnutls.ts'
import { both as gnutls, client as gnutlsClient } from './gnutls-programs.ts'
import { clientArguments, serverArguments } from './openssl.ts'
import { nodeProvider } from './tassel.ts'

const system = findProgram({ name: 'openssl', command: ['openssl'], probe: ['version'], hint: 'apt-get install openssl' })
const newer = findProgram({
  name: 'openssl-3.5',
  command: [inPeers('openssl-3.5/run'), 'openssl'],
  probe: ['version'],
  hint: 'run scripts/peers',
})

const policy = '1.3.6.1.4.1.55555.1'

/** Files of a certificate and its key, and of the intermediates between it and the root. */
interface Issued extends Credential {
  readonly minted: Minted
}

let root: Authority
let rootFile: string
let good: Issued
let revoked: Issued
let mustStaple: Issued
/** For a name that the intermediate is not permitted. */
let outside: Issued
let inside: Issued
let crl: Uint8Array
let crlFile: string

beforeAll(async () => {
  root = await mintAuthority({ name: 'Revocation CA' })
  rootFile = write('root.pem', root.certificatePem)
  write('root.key', root.privateKeyPem)
  const [constrained, elsewhere] = await Promise.all(
    ['localhost', 'example.net'].map(dns =>
      root.issueAuthority({ name: `For ${dns}`, nameConstraints: { permitted: [{ dns }] }, policies: [policy] }),
    ),
  )
  if (!constrained || !elsewhere) throw new Error('two were minted')
  const names = { names: ['localhost'] }
  good = await issue('good', root, names)
  revoked = await issue('revoked', root, names)
  mustStaple = await issue('must-staple', root, { ...names, tlsFeatures: [5] })
  inside = await issue('inside', constrained, { ...names, policies: [policy] }, constrained)
  outside = await issue('outside', elsewhere, names, elsewhere)
  const list = await root.crl({ revoked: [{ revoked: revoked.minted, reason: 'keyCompromise' }] })
  crl = list.crlDer
  crlFile = write('crl.pem', list.crlPem)
})

describeWith(system, 'Revocation with OpenSSL', () => testRevocation(system))
describeWith(newer, 'Revocation with OpenSSL 3.5', () => testRevocation(newer))

function testRevocation(program: Program): void {
  describe.each([
    { maker: 'minted here', respond: (about: Issued) => minted(about) },
    { maker: 'of a delegate, minted here', respond: (about: Issued) => minted(about, true) },
    { maker: 'made by openssl ocsp', respond: (about: Issued) => madeByOpenssl(program, about) },
  ])('a response $maker and stapled by its server', ({ respond }) => {
    it('lets our client connect where it says good, in mode hard', async () => {
      const { theirs, port } = await serve(program, good, '-status_file', await respond(good))
      const ours = await dial(port, { requestOcsp: true, trust: hard() })
      expect((await ours.connected()).peer).toMatchObject({ verified: true })
      ours.send('believed\n')
      await theirs.stdout.said(/believed\n/)
    })

    it('ends in certificate_revoked where it says revoked, and its server hears so', async () => {
      const { theirs, port } = await serve(program, revoked, '-status_file', await respond(revoked))
      const { error } = await (await dial(port, { requestOcsp: true, trust: hard() })).event('failed')
      expect(error).toMatchObject({ code: 'certificate-revoked', origin: 'local' })
      expect(await alertOf(theirs)).toBe(alerts.certificate_revoked)
    })

    it('says nothing where it is about another certificate', async () => {
      const { theirs, port } = await serve(program, good, '-status_file', await respond(mustStaple))
      const { error } = await (await dial(port, { requestOcsp: true, trust: hard() })).event('failed')
      expect(error).toMatchObject({ code: 'revocation-unknown' })
      expect(await alertOf(theirs)).toBe(alerts.certificate_unknown)
    })
  })

  it('its server without a staple is refused in mode hard, and believed in mode soft', async () => {
    const first = await serve(program, good)
    const { error } = await (await dial(first.port, { requestOcsp: true, trust: hard() })).event('failed')
    expect(error).toMatchObject({ code: 'revocation-unknown' })
    expect(await alertOf(first.theirs)).toBe(alerts.certificate_unknown)
    const second = await serve(program, good)
    await (await dial(second.port, { requestOcsp: true, trust: trusting({ revocation: { mode: 'soft' } }) })).connected()
  })

  it('a certificate that promises a staple is refused without one, and believed with it, in mode soft', async () => {
    const trust = trusting({ revocation: { mode: 'soft' } })
    const first = await serve(program, mustStaple)
    const { error } = await (await dial(first.port, { requestOcsp: true, trust })).event('failed')
    expect(error).toMatchObject({ code: 'ocsp-missing' })
    expect(await alertOf(first.theirs)).toBe(alerts.bad_certificate_status_response)
    const second = await serve(program, mustStaple, '-status_file', await minted(mustStaple))
    await (await dial(second.port, { requestOcsp: true, trust })).connected()
  })

  it('its server is refused by a CRL, and another of the same authority believed', async () => {
    const trust = trusting({ revocation: { mode: 'hard', crls: [crl] } })
    const first = await serve(program, revoked)
    expect((await (await dial(first.port, { trust })).event('failed')).error).toMatchObject({ code: 'certificate-revoked' })
    expect(await alertOf(first.theirs)).toBe(alerts.certificate_revoked)
    await (await dial((await serve(program, good)).port, { trust })).connected()
  })

  it('its client is refused by our server’s CRL, and another one believed', async () => {
    const trust = trusting({ revocation: { mode: 'hard', crls: [crl] } })
    const server = await listen({ identity: good.identity(nodeProvider), clientAuth: 'require', trust })
    const bad = dialled(program, server.port, { credential: revoked })
    expect((await (await server.connection(1)).event('failed')).error).toMatchObject({ code: 'certificate-revoked', origin: 'local' })
    expect(await alertOf(bad)).toBe(alerts.certificate_revoked)
    expect(bad.stderr.text).toMatch(/alert certificate revoked/)
    const fine = dialled(program, server.port, { credential: good })
    const ours = await server.connection(2)
    expect((await ours.connected()).peer?.verified).toBe(true)
    ours.send('believed\n')
    await fine.stdout.said(/believed\n/)
  })

  it('its server refuses our client by the CRL that was minted here, and believes another one', async () => {
    const args = ['-CAfile', rootFile, '-Verify', '3', '-verify_return_error', '-CRL', crlFile, '-crl_check']
    const first = await serve(program, good, ...args)
    const bad = await dial(first.port, { trust: trusting(), identity: revoked.identity(nodeProvider) })
    expect((await bad.event('failed')).error).toMatchObject({ alert: 'certificate_revoked', origin: 'peer' })
    const second = await serve(program, good, ...args)
    const fine = await dial(second.port, { trust: trusting(), identity: good.identity(nodeProvider) })
    await fine.connected()
    fine.send('believed\n')
    await second.theirs.stdout.said(/believed\n/)
  })

  it('its client refuses our server by the CRL that was minted here, and believes another one', async () => {
    const args = ['-CRL', crlFile, '-crl_check']
    const first = await listen({ identity: revoked.identity(nodeProvider) })
    const bad = dialled(program, first.port, { ca: rootFile }, ...args)
    expect((await (await first.connection(1)).event('failed')).error).toMatchObject({ alert: 'certificate_revoked', origin: 'peer' })
    await bad.stderr.said(/certificate revoked/)
    const second = await listen({ identity: good.identity(nodeProvider) })
    dialled(program, second.port, { ca: rootFile }, ...args)
    await (await second.connection(1)).connected()
  })

  it.each([false, true])('its client reads what our server staples, and openssl ocsp verifies it; of a delegate: %s', async byDelegate => {
    for (const [about, status] of [
      [good, 'good'],
      [revoked, 'revoked'],
    ] as const) {
      const response = await minted(about, byDelegate)
      const identity = { ...about.identity(nodeProvider), ocsp: bytesOf(response) }
      const server = await listen({ identity })
      const theirs = dialled(program, server.port, { ca: rootFile, verbose: true }, '-status')
      await (await server.connection(1)).connected()
      await theirs.stdout.said(new RegExp(`OCSP Response Status: successful[\\s\\S]*Cert Status: ${status}`))
      await theirs.stdout.said(/Verify return code: 0 \(ok\)/)
      const said = run(program, ['ocsp', '-respin', response, '-issuer', rootFile, '-cert', about.certFile, '-CAfile', rootFile])
      expect(said).toMatch(new RegExp(`Response verify OK[\\s\\S]*: ${status}\\n`))
    }
  })

  testRules(program)
}

/** Rules of whole paths, over the wire. */
function testRules(program: Program): void {
  it('its server’s chain beyond a name constraint ends in bad_certificate, one within it is believed', async () => {
    const first = await serve(program, outside)
    expect((await (await dial(first.port, { trust: trusting() })).event('failed')).error).toMatchObject({
      code: 'certificate-name-constraint',
      depth: 0,
    })
    expect(await alertOf(first.theirs)).toBe(alerts.bad_certificate)
    await (await dial((await serve(program, inside)).port, { trust: trusting() })).connected()
  })

  it('its server’s chain without the policy that we want ends in bad_certificate, one with it is believed', async () => {
    const trust = trusting({ policies: { initial: [policy], requireExplicit: true } })
    const first = await serve(program, good)
    expect((await (await dial(first.port, { trust })).event('failed')).error).toMatchObject({ code: 'certificate-policy' })
    expect(await alertOf(first.theirs)).toBe(alerts.bad_certificate)
    await (await dial((await serve(program, inside)).port, { trust })).connected()
  })

  it('its client refuses our chain beyond a name constraint or without a policy as we do, and believes another one', async () => {
    const wanted = ['-policy', policy, '-explicit_policy']
    const cases = [
      { about: outside, args: [], says: /permitted subtree violation/ },
      { about: good, args: wanted, says: /no explicit policy/ },
    ]
    for (const { about, args, says } of cases) {
      const server = await listen({ identity: about.identity(nodeProvider) })
      const theirs = dialled(program, server.port, { ca: rootFile }, ...args)
      expect((await (await server.connection(1)).event('failed')).error).toMatchObject({ origin: 'peer' })
      await theirs.stderr.said(says)
    }
    const server = await listen({ identity: inside.identity(nodeProvider) })
    dialled(program, server.port, { ca: rootFile }, ...wanted)
    await (await server.connection(1)).connected()
  })
}

describeWith(gnutls, 'Revocation with GnuTLS', () => {
  it('its client believes our server by what it staples, of the authority itself and of a delegate', async () => {
    for (const byDelegate of [false, true]) {
      const theirs = await gnutlsOf(mustStaple, await minted(mustStaple, byDelegate))
      await theirs.stdout.said(/Status: The certificate is trusted/)
      await theirs.stdout.said(/- Handshake was completed/)
    }
  })

  it('its client refuses our server where the staple says revoked, and where a promised one is missing', async () => {
    const bad = await gnutlsOf(revoked, await minted(revoked))
    await bad.stdout.said(/Status: The certificate is NOT trusted[\s\S]*revoked/)
    const bare = await gnutlsOf(mustStaple)
    await bare.stdout.said(/Status: The certificate is NOT trusted[\s\S]*(OCSP|status)/)
  })

  it('its client refuses our server by the CRL that was minted here', async () => {
    const theirs = await gnutlsOf(revoked, undefined, '--x509crlfile', crlFile)
    await theirs.stdout.said(/Status: The certificate is NOT trusted[\s\S]*revoked/)
    const fine = await gnutlsOf(good, undefined, '--x509crlfile', crlFile)
    await fine.stdout.said(/Status: The certificate is trusted/)
  })
})

/** `gnutls-cli` at a server of ours. */
async function gnutlsOf(about: Issued, response?: string, ...args: readonly string[]): Promise<Child> {
  const identity = about.identity(nodeProvider)
  const server = await listen({ identity: response === undefined ? identity : { ...identity, ocsp: bytesOf(response) } })
  return start(gnutlsClient, [...gnutlsArguments(server.port, { ca: rootFile }), ...args])
}

function trusting(options: Partial<TrustStoreOptions> = {}): TrustStore {
  return createTrustStore({ roots: [root.certificateDer], crypto: nodeProvider, ...options })
}

function hard(): TrustStore {
  return trusting({ revocation: { mode: 'hard' } })
}

async function serve(program: Program, credential: Credential, ...more: readonly string[]): Promise<{ theirs: Child; port: number }> {
  const theirs = start(program, [...(await serverArguments({ credential })), ...more])
  return { theirs, port: await listeningPort(theirs) }
}

function dialled(program: Program, port: number, options: Parameters<typeof clientArguments>[1], ...more: readonly string[]): Child {
  return start(program, [...clientArguments(port, options), ...more])
}

/** The number of the alert that the program says it received. */
async function alertOf({ stderr }: Child): Promise<number> {
  return Number((await stderr.said(/SSL alert number (\d+)/))[1])
}

async function issue(name: string, by: Authority, options: IssueOptions, ...chain: readonly Authority[]): Promise<Issued> {
  const minted = await by.issue(options)
  const [cert, key] = [minted.certificatePem + chain.map(({ certificatePem }) => certificatePem).join(''), minted.privateKeyPem]
  return {
    minted,
    cert,
    key,
    certFile: write(`${name}.pem`, minted.certificatePem),
    keyFile: write(`${name}.key`, key),
    ...(chain.length > 0 && { chainFile: write(`${name}-chain.pem`, chain.map(({ certificatePem }) => certificatePem).join('')) }),
    identity: crypto => loadIdentity({ cert, key, crypto }),
  }
}

/** A response of the root, or of one that it appointed, as a file. */
async function minted(about: Issued, byDelegate = false): Promise<string> {
  const answer: OcspAnswer =
    about === revoked ? { certificate: about.minted, status: 'revoked', reason: 'keyCompromise' } : { certificate: about.minted }
  const responder = byDelegate ? { responder: await root.issueOcspResponder() } : {}
  return write(`response-${count++}.der`, await root.ocsp({ certificates: [answer], ...responder }))
}

/** The same by `openssl ocsp`, which answers from the index of a CA. */
function madeByOpenssl(program: Program, about: Issued): string {
  const serial = about.minted.serial.toString(16).toUpperCase()
  const line = about === revoked ? 'R\t491231235959Z\t250101000000Z,keyCompromise' : 'V\t491231235959Z\t'
  const index = write(`index-${count}`, `${line}\t${serial.padStart(serial.length + (serial.length % 2), '0')}\tunknown\t/CN=localhost\n`)
  const response = join(scratch(), `response-${count++}.der`)
  const signer = ['-index', index, '-CA', rootFile, '-rsigner', rootFile, '-rkey', join(scratch(), 'root.key')]
  run(program, ['ocsp', ...signer, '-issuer', rootFile, '-cert', about.certFile, '-respout', response, '-ndays', '1'])
  return response
}

let count = 0

function bytesOf(file: string): Uint8Array {
  return new Uint8Array(readFileSync(file))
}

function run(program: Program, args: readonly string[]): string {
  if (program.missing !== undefined) throw new Error(program.missing)
  const [command, ...first] = program.command
  const { stdout, stderr } = spawnSync(command, [...first, ...args], { timeout: 60_000, encoding: 'utf8' })
  return stderr + stdout
}

function write(name: string, contents: string | Uint8Array): string {
  const path = join(scratch(), name)
  writeFileSync(path, contents)
  return path
}
