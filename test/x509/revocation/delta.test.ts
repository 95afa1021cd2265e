import { describe, expect, it } from 'vitest'
import { authorityKeyIdentifier, newKeys, utc } from '../build.ts'
import {
  authority,
  type CrlOrder,
  crl,
  crlNumber,
  deltaCrlIndicator,
  endEntity,
  entry,
  issuingDistributionPoint,
  judge,
  verdict,
} from './make.ts'

const root = authority()
const leaf = endEntity(root)
const scene = { chain: [leaf], root }
const of = (...crls: readonly Uint8Array[]) => verdict(scene, { crls })

const base = (order: CrlOrder = {}) => crl(root, { thisUpdate: utc('260530000000Z'), ...order })
const held = base({ entries: [entry(7, { reason: 'certificateHold' })] })
/** Of today, number 8, on base 5. */
const delta = (entries: readonly Uint8Array[] = [], order: CrlOrder = {}, number = 8, from = 5) =>
  crl(root, { entries, extensions: [crlNumber(number), deltaCrlIndicator(from)], ...order })
const removal = entry(7, { reason: 'removeFromCRL' })

describe('A delta CRL', () => {
  it('adds to its base', () => {
    expect([of(base(), delta()), of(base(), delta([entry(7)])), of(base(), delta([entry(8)]))]).toEqual([
      'good',
      'certificate-revoked',
      'good',
    ])
  })

  it('takes back what its base says', () => {
    expect([of(held), of(held, delta()), of(held, delta([removal]))]).toEqual(['certificate-revoked', 'certificate-revoked', 'good'])
  })

  it('revokes for good what was on hold', () => {
    expect(judge(scene, { crls: [held, delta([entry(7, { reason: 'keyCompromise' })])] }).error?.message).toContain(
      'for keyCompromise, by the delta CRL',
    )
  })

  it('may take back what its base never said', () => {
    expect(of(base(), delta([removal]))).toBe('good')
  })

  it('fits to bases from the number that it names up to its own', () => {
    const numbered = (number: number) => base({ entries: [entry(7, { reason: 'certificateHold' })], extensions: [crlNumber(number)] })
    const found = [4, 5, 7, 8].map(number => of(numbered(number), delta([removal])))
    expect(found).toEqual(['certificate-revoked', 'good', 'good', 'certificate-revoked'])
  })

  it('fits to no base of another scope, key or without a number', () => {
    const entries = [entry(7, { reason: 'certificateHold' })]
    const scope = issuingDistributionPoint({ only: 'user' })
    const key = authorityKeyIdentifier('one')
    const indicator = [crlNumber(8), deltaCrlIndicator(5)]
    const pairs: readonly (readonly [Uint8Array[], Uint8Array[]])[] = [
      [
        [crlNumber(5), scope],
        [...indicator, scope],
      ],
      [
        [crlNumber(5), key],
        [...indicator, key],
      ],
      [[crlNumber(5), scope], indicator],
      [[crlNumber(5)], [...indicator, scope]],
      [[crlNumber(5)], [...indicator, key]],
      [[key], [...indicator, key]],
    ]
    const found = pairs.map(([own, extensions]) => of(base({ entries, extensions: own }), delta([removal], { extensions })))
    expect(found).toEqual(['good', 'good', ...new Array<string>(4).fill('certificate-revoked')])
  })

  it('without its base makes nothing good, but what it lists is revoked', () => {
    expect(judge(scene, { crls: [delta()] }).error?.message).toContain('updates no CRL at hand')
    expect([of(delta()), of(delta([removal])), of(delta([entry(7)]))]).toEqual([
      'revocation-unknown',
      'revocation-unknown',
      'certificate-revoked',
    ])
    expect(of(base({ extensions: [crlNumber(4)] }), delta([entry(7)]))).toBe('certificate-revoked')
  })

  it('brings a base up to date that is so no longer', () => {
    const old = base({ nextUpdate: utc('260531000000Z') })
    expect([of(old), of(old, delta()), of(old, delta([entry(7)]))]).toEqual(['revocation-unknown', 'good', 'certificate-revoked'])
    const oldHeld = base({ nextUpdate: utc('260531000000Z'), entries: [entry(7, { reason: 'certificateHold' })] })
    expect([of(oldHeld), of(oldHeld, delta())]).toEqual(['revocation-unknown', 'certificate-revoked'])
  })

  it('counts for nothing out of its time, but for who is revoked for good', () => {
    const [late, early] = [delta([removal], { nextUpdate: utc('260601000001Z') }), delta([removal], { thisUpdate: utc('260602000000Z') })]
    expect([of(held, late), of(held, early)]).toEqual(['certificate-revoked', 'certificate-revoked'])
    const listed = [entry(7, { reason: 'certificateHold' }), entry(7)]
    const found = listed.map(each => of(base(), delta([each], { nextUpdate: utc('260601000001Z') })))
    expect(found).toEqual(['good', 'certificate-revoked'])
  })

  it('counts for nothing without the signature of its base’s key', () => {
    const forger = { ...root, keys: newKeys() }
    const forged = (entries: readonly Uint8Array[]) => crl(forger, { entries, extensions: [crlNumber(8), deltaCrlIndicator(5)] })
    expect([of(held, forged([removal])), of(base(), forged([entry(7)]))]).toEqual(['certificate-revoked', 'good'])
    expect(of(base({ nextUpdate: utc('260531000000Z') }), forged([]))).toBe('revocation-unknown')
    // The older one that is genuine takes its place.
    expect(of(held, forged([]), delta([removal], { thisUpdate: utc('260531000000Z') }))).toBe('good')
  })

  it('is outdone by a newer one', () => {
    const older = delta([entry(7, { reason: 'certificateHold' })], { thisUpdate: utc('260531000000Z') }, 7)
    expect([of(base(), older), of(base(), older, delta())]).toEqual(['certificate-revoked', 'good'])
    expect(of(base(), older, delta([removal]))).toBe('good')
  })

  it('is not verified where it can change nothing', () => {
    expect(judge(scene, { crls: [base(), delta()] })).toMatchObject({ error: undefined, signatures: 1 })
  })
})
