import type { CryptoProvider } from '../../../src/crypto/provider.ts'
import { type CtEvidence, type CtOptions, type CtResult, evaluateCt } from '../../../src/x509/ct/evaluate.ts'
import { ctLogs } from '../../../src/x509/ct/logs.ts'
import { type Issued, now, type TestLog } from './mint.ts'

/** Judges the SCTs of a certificate by a list of these logs. */
export function checker(crypto: CryptoProvider) {
  return (issued: Issued, logs: readonly TestLog[], more: Partial<CtEvidence> = {}, minimum: CtOptions['minimum'] = {}): CtResult => {
    const sources = logs.map(({ source }) => source)
    return evaluateCt({ ...issued, now, crypto, ...more }, { logs: ctLogs(sources, crypto), policy: 'report', minimum })
  }
}
