import 'reflect-metadata'
import { createHash, createPublicKey, verify } from 'node:crypto'
import { X509Certificate } from '@peculiar/x509'
import { fromBER, type Sequence } from 'asn1js'
import { describe, expect, it } from 'vitest'
import {
  type CtLog,
  encodeSctList,
  encodeTlsSctList,
  type LogEntry,
  type MintedCertificate,
  mintAuthority,
  mintCtLog,
  type PrecertificateEntry,
  sctListOcspExtension,
} from '../../src/testing/index.ts'
import { type ChainRequest, ctLogs, verifyChain } from '../../src/x509/index.ts'
import { describeWith } from '../interop/child.ts'
import { providers } from '../providers.ts'
import { ask, file, openssl } from './openssl.ts'

const sha256 = (bytes: Uint8Array) => Uint8Array.from(createHash('sha256').update(bytes).digest())
const timestamp = new Date('2026-01-02T03:04:05.678Z')

/** The octets before the signature, for a log with this key: version, id, time, extensions, algorithms. */
function head(log: CtLog, extensions: Uint8Array, signature: number): Uint8Array {
  return Buffer.concat([
    Buffer.of(0),
    log.id,
    uint(timestamp.getTime(), 8),
    uint(extensions.length, 2),
    extensions,
    Buffer.of(4, signature),
  ])
}

function uint(value: number, size: number): Buffer {
  return Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex')
}

/** Takes the timestamp apart from its end; what is left is compared with `head`. */
function check(log: CtLog, sct: Uint8Array, expectedHead: Uint8Array, entry: Uint8Array, extensions = new Uint8Array()): boolean {
  expect(sct.subarray(0, expectedHead.length)).toEqual(new Uint8Array(expectedHead))
  const signature = sct.subarray(expectedHead.length + 2)
  expect(sct.subarray(expectedHead.length, expectedHead.length + 2)).toEqual(new Uint8Array(uint(signature.length, 2)))
  const signed = Buffer.concat([Buffer.of(0, 0), uint(timestamp.getTime(), 8), entry, uint(extensions.length, 2), extensions])
  return verify('sha256', signed, createPublicKey({ key: Buffer.from(log.publicKey), format: 'der', type: 'spki' }), signature)
}

/** The TBSCertificate, put together again without the extension that stands last, by another's ASN.1. */
function withoutLastExtension(certificateDer: Uint8Array): Uint8Array {
  const parts = (value: unknown) => (value as Sequence).valueBlock.value
  const [tbs] = parts(fromBER(certificateDer).result)
  const [extensions] = parts(parts(tbs).at(-1))
  parts(extensions).pop()
  return new Uint8Array((tbs as Sequence).toBER())
}

describe('A log', () => {
  it('is known by the hash of its key', async () => {
    const log = await mintCtLog()
    expect(log.id).toEqual(sha256(log.publicKey))
    await expect(mintCtLog({ key: 'Ed25519' as 'P-256' })).rejects.toThrow(TypeError)
    await expect(log.sign(Uint8Array.of(0), { timestamp: new Date('soon') })).rejects.toThrow(TypeError)
  })

  it.each([
    ['P-256', 3],
    ['RSA-2048', 1],
  ] as const)('with %s signs for a certificate', async (key, code) => {
    const log = await mintCtLog({ key })
    const { certificateDer } = await (await mintAuthority()).issue({ names: ['a.example'] })
    const extensions = Uint8Array.of(1, 2, 3)
    const sct = await log.sign(certificateDer, { timestamp, extensions })
    const entry = Buffer.concat([Buffer.of(0, 0), uint(certificateDer.length, 3), certificateDer])
    expect(check(log, sct, head(log, extensions, code), entry, extensions)).toBe(true)
    entry[10] = (entry[10] ?? 0) ^ 1
    expect(check(log, sct, head(log, extensions, code), entry, extensions)).toBe(false)
  })

  it('signs for what is to become a certificate, and that has the timestamp in it', async () => {
    const [log, root] = [await mintCtLog(), await mintAuthority({ key: 'RSA-2048' })]
    let shown: PrecertificateEntry | undefined
    const { certificateDer } = await root.issue({
      names: ['a.example'],
      scts: async entry => {
        shown = entry
        return [await log.sign(entry, { timestamp })]
      },
    })
    const list = new Uint8Array(new X509Certificate(certificateDer).getExtension('1.3.6.1.4.1.11129.2.4.2')?.value ?? [])
    const sct = list.subarray(-(list[1] ?? 0) + 4)
    expect(list).toEqual(encodeSctList([sct]))
    const tbs = shown?.tbsCertificate ?? new Uint8Array()
    expect(shown?.issuerKeyHash).toEqual(sha256(root.publicKeySpki))
    const entry = Buffer.concat([Buffer.of(0, 1), sha256(root.publicKeySpki), uint(tbs.length, 3), tbs])
    expect(check(log, sct, head(log, new Uint8Array(), 3), entry)).toBe(true)
    expect(withoutLastExtension(certificateDer)).toEqual(tbs)
  })

  it('counts its timestamps in a list', () => {
    expect(encodeTlsSctList([Uint8Array.of(1), Uint8Array.of(2, 3)])).toEqual(Uint8Array.of(0, 7, 0, 1, 1, 0, 2, 2, 3))
  })
})

describe.each(providers())('The validator with the provider $name', crypto => {
  it('believes timestamps in the certificate, in its OCSP response and beside it', async () => {
    const root = await mintAuthority()
    const logs = [await mintCtLog(), await mintCtLog({ key: 'RSA-2048' })]
    const sign = (entry: LogEntry) => Promise.all(logs.map(log => log.sign(entry)))
    const embedded = await root.issue({ names: ['a.example'], scts: sign })
    const bare = await root.issue({ names: ['a.example'] })
    const scts = await sign(bare.certificateDer)
    const extensions = [{ oid: sctListOcspExtension, value: encodeSctList(scts) }]
    const ocsp = await root.ocsp({ certificates: [{ certificate: bare, extensions }] })
    const sources = logs.map((log, i) => ({ key: log.publicKey, operator: `operator ${i}`, state: 'usable' as const }))
    const judge = ({ certificateDer }: MintedCertificate, more: Pick<ChainRequest, 'ocsp' | 'scts'> = {}) => {
      const { transparency } = verifyChain([certificateDer], {
        crypto,
        anchors: [root.certificateDer],
        now: Date.now(),
        purpose: 'server',
        transparency: { logs: ctLogs(sources, crypto), policy: 'report' },
        revocation: { mode: 'soft' },
        ...more,
      })
      return [transparency?.compliant, transparency?.scts.map(({ status, source }) => `${source} ${status}`)]
    }
    expect(judge(embedded)).toEqual([true, ['certificate valid', 'certificate valid']])
    expect(judge(bare, { ocsp })).toEqual([true, ['ocsp valid', 'ocsp valid']])
    expect(judge(bare, { scts })).toEqual([true, ['tls valid', 'tls valid']])
    expect(judge(bare)).toEqual([false, []])
  })
})

describeWith(openssl, 'OpenSSL', () => {
  it('reads the timestamps in a certificate', async () => {
    const [one, two, root] = [await mintCtLog(), await mintCtLog({ key: 'RSA-2048' }), await mintAuthority()]
    const scts = async (entry: PrecertificateEntry) => [await one.sign(entry, { timestamp }), await two.sign(entry, { timestamp })]
    const { certificatePem } = await root.issue({ names: ['a.example'], scts })
    const said = ask('x509', '-in', file(certificatePem), '-noout', '-text').text.replace(/[\s:]+/g, ' ')
    for (const [log, algorithm] of [
      [one, 'ecdsa-with-SHA256'],
      [two, 'sha256WithRSAEncryption'],
    ] as const) {
      const id = Buffer.from(log.id)
        .toString('hex')
        .toUpperCase()
        .replace(/..(?!$)/g, '$& ')
      expect(said).toContain(`Version v1 (0x0) Log ID ${id} Timestamp Jan 2 03 04 05.678 2026 GMT Extensions none Signature ${algorithm}`)
    }
    expect(ask('verify', '-CAfile', file(root.certificatePem), file(certificatePem))).toMatchObject({ status: 0 })
  })
})
