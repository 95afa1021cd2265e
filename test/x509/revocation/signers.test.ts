/** Signers of CRLs that stand outside of the path that is asked about, and what they may not do for one another. */
import { describe, expect, it } from 'vitest'
import { build, keyUsage, newKeys, utc } from '../build.ts'
import {
  authority,
  crl,
  crlDistributionPoints,
  crlNumber,
  endEntity,
  entry,
  issuingDistributionPoint,
  judge,
  number,
  verdict,
} from './make.ts'

const root = authority()
const signer = (subject: string, serial: number, issuer: typeof root, more: readonly Uint8Array[] = []) =>
  build({ subject, serial: number(serial), extensions: [keyUsage('cRLSign'), ...more] }, issuer)
const ca = authority({ subject: 'CA', serial: number(11) }, root)
const at = (uri: string) => crlDistributionPoints({ at: uri })
const scope = (uri: string) => [crlNumber(9), issuingDistributionPoint({ at: uri })]

describe('A CA', () => {
  const keys = newKeys()
  const once = authority({ subject: 'Sub', serial: number(12), keys }, root)
  const again = authority({ subject: 'Sub', serial: number(13), keys, notBefore: utc('260201000000Z') }, root)

  it('does not vouch for itself by right of another certificate of its name and key', () => {
    const impostor = signer('Root', 66, once)
    for (const own of [once, again]) {
      const chain = [endEntity(own), own]
      const { error } = judge({ chain, root, others: [once, again, impostor] }, { crls: [crl(impostor), crl(own)] })
      expect(error).toMatchObject({ code: 'revocation-unknown', depth: 1 })
      expect(error?.message).toContain('by right of the certificate that it would vouch for')
    }
  })

  it('that may be revoked brings no other back', () => {
    const sibling = authority({ subject: 'Sibling', serial: number(31) }, root)
    const others = [sibling, signer('CA', 1, sibling), signer('Root', 2, sibling)] as const
    const forged = [crl(others[1]), crl(others[2])]
    const outcome = (mode: 'soft' | 'hard', ...crls: Uint8Array[]) =>
      judge({ chain: [endEntity(ca), ca], root, others }, { mode, crls: [...forged, ...crls] })
    expect(outcome('hard').error?.message).toContain('below an issuer of whom it is unknown whether it is revoked')
    expect(outcome('soft').error).toBeUndefined()
    const about = (...entries: Uint8Array[]) => crl(root, { entries, extensions: scope('http://siblings/') })
    const named = authority({ subject: 'Sibling', serial: number(31), more: [at('http://siblings/')] }, root)
    const below = [named, signer('CA', 1, named), signer('Root', 2, named)] as const
    const found = [[], [entry(31)]].map(entries =>
      verdict({ chain: [endEntity(ca), ca], root, others: below }, { crls: [crl(below[1]), crl(below[2]), about(...entries)] }),
    )
    expect(found).toEqual(['good', 'revocation-unknown'])
  })

  it('is not vouched for by two that vouch for each other, nor by one that it vouches for', () => {
    const [one, two] = [authority({ subject: 'One', serial: number(41) }, root), authority({ subject: 'Two', serial: number(42) }, root)]
    const circle = [signer('Root', 1, one), signer('Root', 2, two)] as const
    expect(
      verdict({ chain: [endEntity(ca), ca], root, others: [one, two, ...circle] }, { crls: [...circle.map(by => crl(by)), crl(ca)] }),
    ).toBe('revocation-unknown')
    const pair = [signer('Root', 1, one), signer('Root', 2, ca)] as const
    expect(verdict({ chain: [endEntity(ca), ca], root, others: [one, ...pair] }, { crls: [...pair.map(by => crl(by)), crl(ca)] })).toBe(
      'revocation-unknown',
    )
  })
})

describe('A signer that another signer’s CRL says is revoked', () => {
  const [one, two] = [signer('CA', 21, ca, [at('http://signers/')]), signer('CA', 22, ca, [at('http://signers/')])]
  const leaf = endEntity(ca, 7, [at('http://leaves/')])
  const outcome = (...crls: Uint8Array[]) => judge({ chain: [leaf, ca], root, others: [one, two] }, { crls, scope: 'leaf' }).error
  const empty = crl(one, { extensions: scope('http://leaves/') })
  const listing = (by: typeof one, serial: number) => crl(by, { extensions: scope('http://signers/'), entries: [entry(serial)] })

  it('is not believed', () => {
    expect(outcome(empty)).toBeUndefined()
    expect(outcome(empty, listing(two, 23))).toBeUndefined()
    expect(outcome(empty, listing(two, 21))?.message).toContain('whose own certificate is revoked')
  })

  it('can’t help itself by saying so of the other', () => {
    const other = crl(two, { extensions: scope('http://leaves/') })
    const [here, there] = [listing(one, 22), listing(two, 21)]
    const orders = [
      [empty, here, there],
      [other, empty, here, there],
      [empty, other, there, here],
    ]
    expect(orders.map(crls => outcome(...crls)?.code)).toEqual(new Array(3).fill('revocation-unknown'))
  })
})
