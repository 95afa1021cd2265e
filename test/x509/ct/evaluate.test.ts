import { describe, expect, test } from 'vitest'
import type { CtEvidence, CtResult } from '../../../src/x509/ct/evaluate.ts'
import { providers } from '../../providers.ts'
import { leafExtensions } from '../build.ts'
import { judge } from '../judge.ts'
import { checker } from './check.ts'
import * as mint from './mint.ts'
import { flipBit, type Issued, issue, issueLogged, logged, mintSct, newLog, now, rsaLog, type TestLog } from './mint.ts'

const first = newLog('First')
const second = newLog('Second')
const third = rsaLog('Third')
const all = [first, second, third]

describe.each(providers())('with the provider $name', crypto => {
  const check = (issued: Issued, more: Partial<CtEvidence> = {}): CtResult => checker(crypto)(issued, all, more)
  const statuses = (...args: Parameters<typeof check>): string[] => check(...args).scts.map(({ source, status }) => `${source}: ${status}`)

  test('SCTs in the certificate are good for what was logged', () => {
    const result = check(issueLogged([[first], [second, { extensions: Uint8Array.of(1, 2, 3) }], [third]]))
    expect(result.scts.map(({ status }) => status)).toEqual(['valid', 'valid', 'valid'])
    expect(result.scts.map(({ log }) => log?.operator)).toEqual(['First', 'Second', 'Third'])
    expect(result.scts[0]?.sct?.timestamp).toBe(logged)
    expect(result).toMatchObject({ compliant: true, problem: undefined })
  })

  test('SCTs from OCSP and from TLS are good for the certificate itself', () => {
    const issued = issue()
    const entry = { certificate: issued.certificate.raw }
    const scts = [mintSct(first, entry), mintSct(third, entry)]
    expect(statuses(issued, { ocsp: mint.sctList(scts) })).toEqual(['ocsp: valid', 'ocsp: valid'])
    expect(statuses(issued, { tls: scts })).toEqual(['tls: valid', 'tls: valid'])
    expect(check(issued, { tls: scts }).compliant).toBe(true)
    expect(check(issued, { ocsp: mint.sctList(scts) }).compliant).toBe(true)
  })

  test('an SCT that came another way than it was made for is none', () => {
    const issued = issueLogged([[first]])
    const { certificate, issuerKey } = issued
    const precert = mintSct(first, { tbs: issue().certificate.signed, issuerKeyHash: mint.hash(issuerKey) })
    const plain = mintSct(first, { certificate: certificate.raw })
    expect(statuses(issued, { tls: [precert, plain] })).toEqual(['certificate: valid', 'tls: invalid-signature', 'tls: valid'])
    const wrong = issue({ extensions: [...leafExtensions(), mint.sctExtension(mint.sctList([plain]))] })
    expect(statuses(wrong)).toEqual(['certificate: invalid-signature'])
  })

  test('a signature by another log’s key, or for another certificate, is invalid', () => {
    const issued = issue()
    const entry = { certificate: issued.certificate.raw }
    const forged = mintSct({ ...first, privateKey: second.privateKey }, entry)
    const mixed = mintSct({ ...first, privateKey: third.privateKey }, entry)
    const other = mintSct(first, { certificate: issueLogged([[first]]).certificate.raw })
    expect(statuses(issued, { tls: [forged, mixed, other] })).toEqual(Array(3).fill('tls: invalid-signature'))
  })
})

const [crypto] = providers()
if (!crypto) throw new Error('there is no provider')
const check = (issued: Issued, more: Partial<CtEvidence> = {}, logs = all): CtResult => checker(crypto)(issued, logs, more)

describe('what an SCT is worth', () => {
  const issued = issue()
  const entry = { certificate: issued.certificate.raw }
  const status = (sct: Uint8Array, log: TestLog = first): string | undefined => check(issued, { tls: [sct] }, [log]).scts[0]?.status

  test('one by a log that is not in the list is of an unknown log', () => {
    expect(status(mintSct(second, entry))).toBe('unknown-log')
  })

  test('one of another version is kept, and counts as unknown', () => {
    const later = mint.join(Uint8Array.of(1), mintSct(first, entry).subarray(1))
    const result = check(issued, { tls: [later, mintSct(first, entry), mintSct(second, entry)] })
    expect(result.scts.map(each => each.status)).toEqual(['unknown-version', 'valid', 'valid'])
    expect(result.compliant).toBe(true)
  })

  test('one that can’t be read says why', () => {
    const result = check(issued, { tls: [mintSct(first, entry).subarray(0, 50)] })
    expect(result.scts[0]).toMatchObject({ status: 'malformed', sct: undefined, log: undefined })
    expect(result.scts[0]?.detail).toMatch(/bytes wanted/)
  })

  test('one from the future is not good yet, by a millisecond', () => {
    expect(status(mintSct(first, entry, { timestamp: now }))).toBe('valid')
    expect(status(mintSct(first, entry, { timestamp: now + 1 }))).toBe('future')
  })

  test('one by a log that retired counts for what came before', () => {
    const log = { ...first, source: { ...first.source, state: 'retired', since: logged } as const }
    expect(status(mintSct(log, entry, { timestamp: logged - 1 }), log)).toBe('valid')
    expect(status(mintSct(log, entry, { timestamp: logged }), log)).toBe('log-retired')
  })

  test.each(['pending', 'rejected'] as const)('one by a log that is %s counts for nothing', state => {
    const log = { ...first, source: { ...first.source, state, since: logged } }
    expect(status(mintSct(log, entry), log)).toBe('log-not-approved')
  })

  test('one by a log for other years is outside its interval', () => {
    const { notAfter } = issued.certificate
    const within = (start: number, end: number): string | undefined => {
      const log = { ...first, source: { ...first.source, temporalInterval: { start, end } } }
      return status(mintSct(log, entry), log)
    }
    expect(within(notAfter, notAfter + 1)).toBe('valid')
    expect(within(notAfter - 1, notAfter)).toBe('outside-interval')
    expect(within(notAfter + 1, notAfter + 2)).toBe('outside-interval')
  })

  test('one signed by an algorithm that logs do not have is invalid, though the key would fit', () => {
    const sct = mintSct(third, entry)
    const pss = sct.with(1 + 32 + 8 + 2, 0x08).with(1 + 32 + 8 + 3, 0x04)
    expect(status(pss, third)).toBe('invalid-signature')
  })
})

describe('after any bit has flipped nothing is valid', () => {
  const embedded = issueLogged([[first]])
  const valid = (issued: Issued, more: Partial<CtEvidence> = {}): boolean =>
    check(issued, more).scts.some(({ status }) => status === 'valid')
  const bits = (bytes: Uint8Array): number[] => Array.from({ length: bytes.length * 8 }, (_, bit) => bit)
  /** Two or three of each octet. */
  const someBits = (bytes: Uint8Array): number[] => bits(bytes).filter(bit => bit % 3 === 0)

  test('in the signed part of the certificate, its SCT included', () => {
    const { certificate } = embedded
    expect(valid(embedded)).toBe(true)
    const survivors = someBits(certificate.signed).filter(bit =>
      valid({ ...embedded, certificate: { ...certificate, signed: flipBit(certificate.signed, bit) } }),
    )
    expect(survivors).toEqual([])
  })

  test('in the key of the issuer', () => {
    const { issuerKey } = embedded
    expect(someBits(issuerKey).filter(bit => valid({ ...embedded, issuerKey: flipBit(issuerKey, bit) }))).toEqual([])
  })

  test('in an SCT beside the certificate, in its list, and in the certificate', () => {
    const issued = issue()
    const { certificate } = issued
    const sct = mintSct(first, { certificate: certificate.raw }, { extensions: Uint8Array.of(0, 0, 5) })
    const list = mint.sctList([sct])
    expect(valid(issued, { tls: [sct] }) && valid(issued, { ocsp: list })).toBe(true)
    expect(bits(sct).filter(bit => valid(issued, { tls: [flipBit(sct, bit)] }))).toEqual([])
    expect(bits(list).filter(bit => valid(issued, { ocsp: flipBit(list, bit) }))).toEqual([])
    const changed = (bit: number): Issued => ({ ...issued, certificate: { ...certificate, raw: flipBit(certificate.raw, bit) } })
    expect(someBits(certificate.raw).filter(bit => valid(changed(bit), { tls: [sct] }))).toEqual([])
  })
})

describe('a hostile peer', () => {
  const issued = issue()
  const entry = { certificate: issued.certificate.raw }

  test('gets one verdict for a list that can’t be read, and the other lists count', () => {
    const bad = issue({ extensions: [...leafExtensions(), mint.sctExtension(Uint8Array.of(0xff, 0xff, 0, 1, 0))] })
    const tls = [first, second].map(log => mintSct(log, { certificate: bad.certificate.raw }))
    const result = check(bad, { ocsp: Uint8Array.of(0, 0), tls })
    expect(result.scts.map(({ source, status }) => `${source}: ${status}`)).toEqual([
      'certificate: malformed',
      'ocsp: malformed',
      'tls: valid',
      'tls: valid',
    ])
    expect(result.compliant).toBe(true)
  })

  test('makes it verify no more than 32 signatures from one place', () => {
    const sct = mintSct(first, entry)
    expect(check(issued, { tls: Array(32).fill(sct) }).scts.map(({ status }) => status)).toEqual(Array(32).fill('valid'))
    const result = check(issued, { tls: Array(33).fill(sct) })
    expect(result.scts).toMatchObject([{ source: 'tls', status: 'malformed', detail: '33 SCTs, where at most 32 are looked at' }])
  })

  test('does not pass a precertificate off as a certificate, neither here nor before a trust store', () => {
    const precert = issue({ extensions: [...leafExtensions(), mint.poison] })
    const tls = [first, second].map(log => mintSct(log, { certificate: precert.certificate.raw }))
    expect(check(precert, { tls })).toMatchObject({ compliant: false, scts: [], problem: expect.stringMatching(/precertificate/) })
    const { issuer, certificate } = precert
    const { fault } = judge(crypto, issuer)
    expect(fault([{ der: certificate.raw, subject: certificate.subject.raw, keys: issuer.keys }]).code).toBe(
      'certificate-critical-extension',
    )
  })

  test('gets a refusal for what is no certificate any more', () => {
    const { certificate } = issued
    const signed = certificate.signed.subarray(0, 100)
    expect(check({ ...issued, certificate: { ...certificate, signed } }).problem).toMatch(/can't be read/)
    const raw = new Uint8Array(0x1000000)
    expect(check({ ...issued, certificate: { ...certificate, raw } }).problem).toMatch(/more than 16777215 octets/)
  })
})

test('the caller’s mistakes are TypeErrors', () => {
  const issued = issue()
  expect(() => check(issued, { now: Number.NaN })).toThrow(/milliseconds since 1970/)
  expect(() => check(issueLogged([[first]]), { crypto: { ...crypto, cipherSuites: [] } })).toThrow(/SHA-256/)
})
