/** What is damaged on its way is refused or passed over: it never makes good what was revoked, and throws nothing but `CertificateError`. */
import { expect, it } from 'vitest'
import { encode, encodeOid, tags } from '../../../src/wire/der.ts'
import { CertificateError } from '../../../src/x509/error.ts'
import { parseCrl } from '../../../src/x509/revocation/crl.ts'
import { parseOcspResponse } from '../../../src/x509/revocation/ocsp.ts'
import { build, extension } from '../build.ts'
import {
  authority,
  crl,
  crlDistributionPoints,
  crlNumber,
  endEntity,
  entry,
  issuingDistributionPoint,
  number,
  ocsp,
  revoked,
  verdict,
} from './make.ts'

const root = authority()
const leaf = endEntity(root, 7, [crlDistributionPoints({ at: 'http://a/' })])
const list = crl(root, {
  entries: [entry(3), entry(7, { reason: 'keyCompromise' }), entry(1, { issuer: 'Other' })],
  extensions: [crlNumber(5), issuingDistributionPoint({ at: 'http://a/', indirect: true })],
})
const ocspSigning = extension('2.5.29.37', encode(tags.sequence, encodeOid('1.3.6.1.5.5.7.3.9')))
const responder = build({ subject: 'Responder', serial: number(5), extensions: [ocspSigning] }, root)
const response = ocsp(responder, {
  answers: [
    { issuer: root, serial: 8 },
    { issuer: root, status: revoked },
  ],
  certificates: [responder.der],
})

/** One octet after another, each with one bit turned, then with all of them. */
function* damaged(whole: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < whole.length; at++) {
    for (const mask of [1 << (at & 7), 0xff]) {
      const copy = Uint8Array.from(whole)
      copy[at] = (copy[at] ?? 0) ^ mask
      yield copy
    }
  }
}

function* cutOff(whole: Uint8Array): Iterable<Uint8Array> {
  for (let length = 0; length < whole.length; length++) yield whole.slice(0, length)
}

function parses(parse: () => unknown): boolean {
  try {
    parse()
    return true
  } catch (error) {
    if (error instanceof CertificateError) return false
    throw error
  }
}

it('A flipped bit in a CRL never makes a certificate good', () => {
  expect(verdict({ chain: [leaf], root }, { crls: [list] })).toBe('certificate-revoked')
  const found = Array.from(damaged(list), copy => verdict({ chain: [leaf], root }, { crls: [copy] }))
  // The signature covers everything but the frame around it, which DER leaves no choice in.
  expect(new Set(found)).toEqual(new Set(['revocation-unknown']))
})

it('A flipped bit in an OCSP response never makes a certificate good', () => {
  const outcome = (copy: Uint8Array) => verdict({ chain: [leaf], root }, { ocsp: [copy] })
  expect(outcome(response)).toBe('certificate-revoked')
  expect(new Set(Array.from(damaged(response), outcome))).toEqual(new Set(['revocation-unknown']))
})

it('A CRL or OCSP response that is cut off is malformed at every length', () => {
  expect(Array.from(cutOff(list), copy => parses(() => parseCrl(copy))).filter(Boolean)).toEqual([])
  expect(Array.from(cutOff(response), copy => parses(() => parseOcspResponse(copy))).filter(Boolean)).toEqual([])
})

it('What is read after damage can be searched and walked over', () => {
  for (const copy of damaged(list)) {
    if (!parses(() => parseCrl(copy))) continue
    const { entries, issuer } = parseCrl(copy)
    expect([...entries].length).toBe(entries.size)
    for (const { serial } of entries) entries.find(issuer, serial)
  }
})
