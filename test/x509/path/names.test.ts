import { describe, expect, test } from 'vitest'
import { matchesName, parseIpAddress, referenceName } from '../../../src/x509/path/names.ts'

const loopback6 = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]

describe('DNS names (RFC 9525 §6.3)', () => {
  test.each([
    ['example.com', 'example.com'],
    ['EXAMPLE.com', 'example.COM'],
    ['example.com', 'example.com.'],
    ['localhost', 'localhost'],
    ['*.example.com', 'www.example.com'],
    ['*.example.com', 'xn--bcher-kva.example.com'],
    ['*.Example.Com', 'A.eXample.com'],
    ['my_service.internal', 'my_service.internal'],
    ['3com.com', '3com.com'],
    ['xn--bcher-kva.example', 'XN--BCHER-KVA.example'],
  ])('%s in the certificate is %s', (presented, reference) => {
    expect(matches([presented], reference)).toBe(true)
  })

  test.each([
    ['example.com', 'example.org'],
    ['example.com', 'www.example.com'],
    ['www.example.com', 'example.com'],
    ['example.com.', 'example.com'],
    ['*.example.com', 'example.com'],
    ['*.example.com', 'a.b.example.com'],
    ['*.example.com', 'wexample.com'],
    ['w.example.com', 'www.example.com'],
    ['.example.com', 'a.example.com'],
    ['*', 'localhost'],
    ['*.', 'localhost'],
    ['*', 'example.com'],
    ['w*.example.com', 'www.example.com'],
    ['*w.example.com', 'www.example.com'],
    ['www.*.com', 'www.example.com'],
    ['*.*.com', 'www.example.com'],
    ['xn--*.example.com', 'xn--bcher-kva.example.com'],
    ['.example.com', 'www.example.com'],
    ['', 'localhost'],
    ['example.com\0.evil.org', 'example.com'],
    ['192.0.2.1', '192.0.2.1'],
    ['*.0.2.1', '192.0.2.1'],
    ['::1', '::1'],
  ])('%j in the certificate is not %s', (presented, reference) => {
    expect(matches([presented], reference)).toBe(false)
  })

  test('any of several names will do', () => {
    expect(matches(['a.example', 'b.example'], 'b.example')).toBe(true)
  })
})

describe('IP addresses (RFC 9525 §6.4)', () => {
  test('match octet by octet, and only the entries that are IP addresses', () => {
    expect(matchesIp([[192, 0, 2, 1]], '192.0.2.1')).toBe(true)
    expect(matchesIp([loopback6], '::1')).toBe(true)
    expect(matchesIp([[192, 0, 2, 2]], '192.0.2.1')).toBe(false)
    expect(matchesIp([[...new Array(10).fill(0), 255, 255, 192, 0, 2, 1]], '192.0.2.1')).toBe(false)
    expect(matchesIp([[101, 120, 97, 109]], 'exam')).toBe(false)
  })

  test.each([
    ['0.0.0.0', [0, 0, 0, 0]],
    ['255.255.255.255', [255, 255, 255, 255]],
    ['::', new Array(16).fill(0)],
    ['::1', loopback6],
    ['2001:db8::8A2E:370:7334', [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0x8a, 0x2e, 0x03, 0x70, 0x73, 0x34]],
    ['1:2:3:4:5:6:7:8', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
    ['1::', [0, 1, ...new Array(14).fill(0)]],
    ['1:2:3:4:5:6:7::', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0]],
    ['::ffff:192.0.2.1', [...new Array(10).fill(0), 255, 255, 192, 0, 2, 1]],
    ['1:2:3:4:5:6:192.0.2.1', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 192, 0, 2, 1]],
  ])('%s is an address', (text, octets) => {
    expect(parseIpAddress(text)).toEqual(Uint8Array.from(octets))
  })

  test.each([
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    '0x1.2.3.4',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    ':1:2:3:4:5:6:7',
    '12345::',
    'g::',
    'fe80::1%eth0',
    '[::1]',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
  ])('%s is none', text => {
    expect(parseIpAddress(text)).toBeUndefined()
  })
})

describe('a name that is none is the caller’s mistake', () => {
  test.each([
    ['', /it is empty/],
    ['.', /it is empty/],
    ['a..b', /1 to 63 characters/],
    ['.a', /1 to 63 characters/],
    ['a..', /1 to 63 characters/],
    [`${'a'.repeat(64)}.example`, /1 to 63 characters/],
    [`${'a.'.repeat(127)}`, undefined],
    [`${'a.'.repeat(127)}a`, /255 characters/],
    ['bücher.example', /A-labels/],
    ['*.example.com', /"\*" is no letter/],
    ['exa mple.com', /" " is no letter/],
    ['example.com:443', /is no host name/],
    ['-a.example', /hyphen/],
    ['a-.example', /hyphen/],
    ['127.1', /IPv4/],
    ['1.2.3.256', /IPv4/],
    ['example.0x7f', /IPv4/],
    ['2130706433', /IPv4/],
    ['fe80::1%eth0', /is no host name/],
    ['a\0b', /is no letter/],
  ])('%j', (text, message) => {
    if (message) expect(() => referenceName(text)).toThrow(message)
    if (message) expect(() => referenceName(text)).toThrow(TypeError)
    else expect(referenceName(text)).toMatchObject({ type: 'dns' })
  })
})

function matches(dnsNames: readonly string[], reference: string): boolean {
  return matchesName({ dnsNames, ipAddresses: [] }, referenceName(reference))
}

function matchesIp(addresses: readonly (readonly number[])[], reference: string): boolean {
  const ipAddresses = addresses.map(octets => Uint8Array.from(octets))
  return matchesName({ dnsNames: [], ipAddresses }, referenceName(reference))
}
