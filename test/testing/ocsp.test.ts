import { describe, expect, it } from 'vitest'
import {
  type Authority,
  type KeyOrder,
  type MintedCertificate,
  mintAuthority,
  mintOcspFailure,
  type OcspFailure,
  type OcspOptions,
} from '../../src/testing/index.ts'
import { describeWith } from '../interop/child.ts'
import { ask, file, openssl } from './openssl.ts'

describe('An OCSP response', () => {
  it.each<[string, object]>([
    ['about nothing', { certificates: [] }],
    ['about no number', { certificates: [-1] }],
    ['with a status that is none', { certificates: [{ certificate: 1, status: 'fine' }] }],
    ['with a hash that is not known', { certificates: [1], hash: 'MD5' }],
    ['of a date that is none', { certificates: [1], producedAt: new Date('soon') }],
  ])('%s is not minted', async (_, options) => {
    await expect((await mintAuthority()).ocsp(options as OcspOptions)).rejects.toThrow(TypeError)
  })

  it('of a failure is its status and nothing else', () => {
    expect(mintOcspFailure('unauthorized')).toEqual(Uint8Array.of(0x30, 3, 0x0a, 1, 6))
    expect(() => mintOcspFailure('successful' as OcspFailure)).toThrow(TypeError)
  })
})

describeWith(openssl, 'OpenSSL', () => {
  it.each<KeyOrder>(['P-256', 'P-384', 'P-521', 'RSA-2048', 'RSA-PSS-2048'])('believes a response signed with %s', async key => {
    const root = await mintAuthority({ key })
    const end = await root.issue({ names: ['a.example'] })
    expect(answer(root, end, await root.ocsp({ certificates: [end] }))).toEqual(believed('good'))
  })

  it('reads each status, the reasons and the dates', async () => {
    const root = await mintAuthority()
    const [one, two, three] = [await root.issue({ names: ['1.example'] }), await root.issue({ names: ['2.example'] }), 3]
    const response = await root.ocsp({
      certificates: [
        one,
        { certificate: two, status: 'revoked', reason: 'superseded', date: new Date('2026-01-01T00:00:00Z'), thisUpdate: hourAgo(2) },
        { certificate: three, status: 'unknown', nextUpdate: null },
      ],
      producedAt: hourAgo(0.5),
    })
    expect(answer(root, one, response)).toEqual(believed('good'))
    const revoked = answer(root, two, response)
    expect(revoked).toEqual(believed('revoked'))
    expect(revoked.text).toMatch(/Reason: superseded\s+Revocation Time: Jan {2}1 00:00:00 2026 GMT/)
    const serial = ask(
      'ocsp',
      '-respin',
      file(response),
      '-issuer',
      file(root.certificatePem),
      '-serial',
      '3',
      '-CAfile',
      file(root.certificatePem),
    )
    expect(serial.text).toMatch(/3: unknown\n\tThis Update: .*\n(?!\tNext)/)
  })

  it.each(['name', 'key'] as const)('believes a delegate that is named by its %s, with SHA-256', async responderId => {
    const root = await mintAuthority()
    const [responder, end] = [await root.issueOcspResponder(), await root.issue({ names: ['a.example'] })]
    const response = await root.ocsp({ certificates: [end], responder, responderId, hash: 'SHA-256' })
    expect(answer(root, end, response, '-sha256')).toEqual(believed('good'))
  })

  it('does not believe a delegate without its certificate, or without the purpose', async () => {
    const root = await mintAuthority()
    const [responder, end] = [await root.issueOcspResponder(), await root.issue({ names: ['a.example'] })]
    const lone = await root.ocsp({ certificates: [end], responder, attached: [] })
    expect(answer(root, end, lone).text).toContain('signer certificate not found')
    const other = await root.ocsp({ certificates: [end], responder: await root.issueOcspResponder({ purposes: ['server'] }) })
    expect(answer(root, end, other).text).toContain('missing ocspsigning usage')
  })

  it('finds its nonce, and an answer that is too old', async () => {
    const root = await mintAuthority()
    const end = await root.issue({ names: ['a.example'] })
    const [request, ca] = [file(''), file(root.certificatePem)]
    ask('ocsp', '-issuer', ca, '-cert', file(end.certificatePem), '-reqout', request)
    const nonce = /OCSP Nonce:\s+0410([0-9A-F]{32})/.exec(ask('ocsp', '-reqin', request, '-req_text').text)?.[1] ?? ''
    const judge = async (octets: Uint8Array) =>
      ask('ocsp', '-respin', file(await root.ocsp({ certificates: [end], nonce: octets })), '-reqin', request, '-issuer', ca, '-CAfile', ca)
    expect((await judge(Uint8Array.from(Buffer.from(nonce, 'hex')))).text).toBe('Response verify OK\n')
    expect((await judge(Uint8Array.of(1, 2, 3))).text).toContain('Nonce Verify error')
    const old = await root.ocsp({ certificates: [end], thisUpdate: hourAgo(48), nextUpdate: hourAgo(24) })
    expect(answer(root, end, old).text).toContain('Status times invalid')
  })

  it.each<[OcspFailure, string]>([
    ['malformedRequest', 'malformedrequest (1)'],
    ['internalError', 'internalerror (2)'],
    ['tryLater', 'trylater (3)'],
    ['sigRequired', 'sigrequired (5)'],
    ['unauthorized', 'unauthorized (6)'],
  ])('reads %s', (status, said) => {
    expect(ask('ocsp', '-respin', file(mintOcspFailure(status))).text).toContain(said)
  })
})

/** What OpenSSL says about `certificate` in the light of `response`. `hash`: of the CertID that it looks for. */
function answer(root: Authority, certificate: MintedCertificate, response: Uint8Array, ...hash: readonly string[]) {
  const ca = file(root.certificatePem)
  return ask('ocsp', '-respin', file(response), '-issuer', ca, ...hash, '-cert', file(certificate.certificatePem), '-CAfile', ca)
}

function believed(status: string) {
  return { status: 0, text: expect.stringMatching(new RegExp(`: ${status}\\n(?:.*\\n)*Response verify OK`)) }
}

function hourAgo(hours: number): Date {
  return new Date(Date.now() - hours * 3_600_000)
}
