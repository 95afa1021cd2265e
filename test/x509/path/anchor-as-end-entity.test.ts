/** An end entity that is among the anchors: what is asked of it, and where it is refused. */
import { expect, test } from 'vitest'
import { encode, encodeOid, tags } from '../../../src/wire/der.ts'
import { type ChainOptions, trustAnchor, verifyChain } from '../../../src/x509/index.ts'
import { providers } from '../../providers.ts'
import * as make from '../build.ts'
import { faultOf } from '../judge.ts'

const [crypto] = providers()
if (!crypto) throw new Error('there is no provider')
const request = { crypto, now: make.now, purpose: 'server', name: 'example.com' }
const own = make.build({ subject: 'own', extensions: make.leafExtensions() })

test('is refused by "refuse" though it is a CA, and would vouch for itself', () => {
  const extensions = [
    make.basicConstraints(true),
    make.keyUsage('digitalSignature', 'keyCertSign'),
    make.subjectAltName(make.dns('example.com')),
  ]
  const ca = make.root({ extensions })
  const options = { ...request, anchors: [ca.der] }
  expect(verifyChain([ca.der], options).path).toHaveLength(1)
  expect(faultOf(() => verifyChain([ca.der], { ...options, anchorAsEndEntity: 'refuse' })).code).toBe('issuer-unknown')
})

test.each([
  ['whose extensions do not count', trustAnchor(own.der, { constraints: false })],
  ['that is a name and a key', { subject: own.subject, publicKey: make.spkiOf(own.keys) }],
])('is refused by "refuse" below an anchor %s, and accepted else', (_, anchor) => {
  const options = { ...request, anchors: [anchor] }
  expect(verifyChain([own.der], options).path).toHaveLength(1)
  expect(faultOf(() => verifyChain([own.der], { ...options, anchorAsEndEntity: 'refuse' })).code).toBe('issuer-unknown')
})

test('is believed by "self-signed" with its own signature alone', () => {
  const signed = make.build({ subject: 'own', keys: own.keys, extensions: make.leafExtensions() }, { ...make.root(), subject: own.subject })
  const options = { ...request, anchorAsEndEntity: 'self-signed' as const }
  expect(verifyChain([own.der], { ...options, anchors: [own.der] }).path).toHaveLength(1)
  expect(faultOf(() => verifyChain([signed.der], { ...options, anchors: [signed.der] })).code).toBe('certificate-signature')
})

test('does not limit itself by policies', () => {
  const any = make.extension('2.5.29.32', encode(tags.sequence, encode(tags.sequence, encodeOid('2.5.29.32.0'))))
  const inhibit = make.extension('2.5.29.54', encode(tags.integer, Uint8Array.of(0)))
  const bound = make.build({ subject: 'own', extensions: make.leafExtensions([any, inhibit]) })
  expect(verifyChain([bound.der], { ...request, anchors: [bound.der], policies: { requireExplicit: true } }).path).toHaveLength(1)
})

test('what is none of the three is the caller’s mistake', () => {
  const options = { ...request, anchors: [own.der], anchorAsEndEntity: 'reject' } as unknown as ChainOptions
  expect(() => verifyChain([own.der], options)).toThrow(/anchorAsEndEntity is "accept", "self-signed" or "refuse", not reject/)
})
