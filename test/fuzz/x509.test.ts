import { expect, test } from 'vitest'
import { fuzz } from './x509.ts'

test('8,000 bent certificates, CRLs and OCSP responses throw only CertificateErrors, and none with other signed bytes is believed', () => {
  const { kinds } = fuzz(20_261_124, 8000)
  const counts = Object.values(kinds)
  expect(counts).toHaveLength(7)
  expect(counts.reduce((sum, { inputs }) => sum + inputs, 0)).toBe(8000)
  // Bent too much, nothing would come as far as to what is tested.
  for (const { inputs, read, believed } of counts) {
    expect(read).toBeGreaterThan(inputs / 20)
    expect(believed).toBeGreaterThan(0)
  }
})
