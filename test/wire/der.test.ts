import { expect, test } from 'vitest'
import { encodeOid, oid, readDer } from '../../src/wire/der.ts'

test('an OID survives a round trip', () => {
  for (const dotted of ['1.2.840.113549.1.1.11', '2.5.29.17', '1.3.101.112', '2.999.3']) expect(oid(readDer(encodeOid(dotted)))).toBe(dotted)
})
