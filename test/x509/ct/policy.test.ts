import { describe, expect, test } from 'vitest'
import { type CtResult, evaluateCt } from '../../../src/x509/ct/evaluate.ts'
import type { CtLogSource } from '../../../src/x509/ct/log-list.ts'
import { ctLogs } from '../../../src/x509/ct/logs.ts'
import { CertificateError } from '../../../src/x509/error.ts'
import { providers } from '../../providers.ts'
import { faultOf } from '../judge.ts'
import { checker } from './check.ts'
import { day, type Issued, issue, issueLogged, lifetime, logged, mintSct, newLog, now, type TestLog } from './mint.ts'

const [crypto] = providers()
if (!crypto) throw new Error('there is no provider')

const first = newLog('First')
const second = newLog('Second')
const third = newLog('Third')
const sister = newLog('First')

const like = (log: TestLog, more: Partial<CtLogSource>): TestLog => ({ ...log, source: { ...log.source, ...more } })
const retired = { state: 'retired', since: logged + day } as const

const check = checker(crypto)

describe('SCTs in the certificate', () => {
  const embedded = (logs: readonly TestLog[], days = 180): CtResult =>
    check(
      issueLogged(
        logs.map(log => [log]),
        lifetime(days),
      ),
      [...new Set(logs)],
    )

  test.each<readonly [string, readonly TestLog[], number, RegExp | undefined]>([
    ['two logs for 180 days', [first, second], 180, undefined],
    ['one log', [first], 90, /^2 logs have to vouch in a certificate that is good for 90 days, 1 do/],
    ['one log twice', [first, first], 90, /2 logs have to vouch .* 1 do/],
    ['two logs of one operator', [first, sister], 90, /of 1 operators, 2 are needed/],
    ['two logs for 181 days', [first, second], 181, /3 logs have to vouch .* 181 days, 2 do/],
    ['three logs for 398 days', [first, second, third], 398, undefined],
    ['three logs of two operators', [first, sister, third], 398, undefined],
    ['one of two logs retired since', [like(first, retired), second], 180, undefined],
    ['two of three logs retired since', [like(first, retired), like(second, retired), third], 398, undefined],
    ['all logs retired since', [like(first, retired), like(second, retired)], 180, /none is approved any more/],
    ['all retire later', [like(first, { ...retired, since: now + 1 }), like(second, { ...retired, since: now + 1 })], 180, undefined],
    ['one log retired before', [like(first, { ...retired, since: logged }), second], 180, /1 do, .*\(not counted: 1 log-retired\)$/],
    ['one log rejected', [like(first, { state: 'rejected' }), second], 180, /\(not counted: 1 log-not-approved\)$/],
    ['read-only and qualified logs', [like(first, { state: 'readonly' }), like(second, { state: 'qualified' })], 180, undefined],
  ])('by %s', (_, logs, days, problem) => {
    const result = embedded(logs, days)
    expect(result.compliant).toBe(problem === undefined)
    if (problem) expect(result.problem).toMatch(problem)
  })

  test('a second above 180 days makes another day', () => {
    const order = lifetime(180)
    const issued = issueLogged([[first], [second]], order)
    const { certificate } = issued
    expect((certificate.notAfter - certificate.notBefore) / 1000).toBe(180 * 86_400 - 1)
    expect(check(issued, [first, second]).compliant).toBe(true)
    const longer = { ...certificate, notAfter: certificate.notAfter + 1000 }
    expect(check({ ...issued, certificate: longer }, [first, second]).problem).toMatch(/181 days/)
  })

  test('the operator is the one at the time of the SCT', () => {
    const sold = like(second, { operator: 'First', previousOperators: [{ name: 'Second', until: logged }] })
    const issued = (timestamp: number): Issued => issueLogged([[first], [second, { timestamp }]])
    expect(check(issued(logged), [first, sold]).compliant).toBe(true)
    expect(check(issued(logged + 1), [first, sold]).problem).toMatch(/of 1 operators/)
  })
})

describe('SCTs from OCSP and TLS', () => {
  const issued = issue(lifetime(398))
  const entry = { certificate: issued.certificate.raw }
  const tls = (...logs: readonly TestLog[]): CtResult => check(issued, [...new Set(logs)], { tls: logs.map(log => mintSct(log, entry)) })

  test.each<readonly [string, readonly TestLog[], RegExp | undefined]>([
    ['two logs, however long the certificate is good', [first, second], undefined],
    ['one log', [first], /by OCSP and TLS 1 approved logs vouch, 2 are needed/],
    ['one log twice', [first, first], /1 approved logs vouch/],
    ['two logs of one operator', [first, sister], /by OCSP and TLS are of 1 operators/],
    ['one of two logs retired since', [like(first, retired), second], /1 approved logs vouch/],
  ])('by %s', (_, logs, problem) => {
    const result = tls(...logs)
    expect(result.compliant).toBe(problem === undefined)
    if (problem) expect(result.problem).toMatch(problem)
  })

  test('add up with each other, not with those in the certificate', () => {
    const list = (log: TestLog, { certificate }: Issued): Uint8Array => {
      const sct = mintSct(log, { certificate: certificate.raw })
      return Uint8Array.of(0, sct.length + 2, 0, sct.length, ...sct)
    }
    expect(check(issued, [first, second], { ocsp: list(first, issued), tls: [mintSct(second, entry)] }).compliant).toBe(true)
    const half = issueLogged([[first]])
    const mixed = check(half, [first, second], { ocsp: list(second, half) })
    expect(mixed.scts.map(({ status }) => status)).toEqual(['valid', 'valid'])
    expect(mixed.compliant).toBe(false)
  })
})

test('no SCT at all is not enough', () => {
  expect(check(issue(), [first])).toEqual({ compliant: false, scts: [], problem: 'there is no SCT' })
})

describe('where SCTs are required', () => {
  const demand = (issued: Issued): CtResult => {
    const logs = ctLogs([first.source, second.source], crypto)
    return evaluateCt({ ...issued, now, crypto }, { logs, policy: 'require' })
  }

  test('enough of them give the same result', () => {
    const issued = issueLogged([[first], [second]])
    expect(demand(issued)).toEqual(check(issued, [first, second]))
  })

  test('too few are a CertificateError, which is a bad certificate to the peer', () => {
    const fault = faultOf(() => demand(issueLogged([[first]])))
    expect(fault).toBeInstanceOf(CertificateError)
    expect(fault).toMatchObject({ code: 'certificate-transparency', alert: 'bad_certificate', depth: 0, subject: 'CN=logged' })
    expect(fault.message).toMatch(/^certificate 0 \(CN=logged\) is not known to enough logs: 2 logs have to vouch/)
  })
})

describe('other numbers', () => {
  test('decide instead', () => {
    const single = issueLogged([[first]])
    expect(check(single, [first], {}, { short: 1, operators: 1 }).compliant).toBe(true)
    expect(check(single, [first], {}, { short: 1 }).compliant).toBe(false)
    const pair = issueLogged([[first], [second]])
    expect(check(pair, [first, second], {}, { short: 3 }).compliant).toBe(false)
    expect(check(pair, [first, second], {}, { shortLifetime: 90 }).problem).toMatch(/3 logs have to vouch/)
    const issued = issue()
    const tls = [mintSct(first, { certificate: issued.certificate.raw })]
    expect(check(issued, [first], { tls }, { delivered: 1, operators: 1 }).compliant).toBe(true)
  })

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('%s is none', value => {
    for (const name of ['short', 'long', 'shortLifetime', 'delivered', 'operators']) {
      expect(() => check(issue(), [first], {}, { [name]: value })).toThrow(
        new TypeError(`minimum.${name} is a whole number from 1 on, not ${value}`),
      )
    }
  })
})
