/** What becomes of a question that nobody answers. */
import { TlsError } from '../error.ts'
import type { Question } from '../types.ts'

export function unanswered({ type }: Question): TlsError {
  return new TlsError('refused', `nobody answers the question ${type}: give ${optionFor[type]} or onQuestion`)
}

const optionFor: Record<Question['type'], string> = {
  'client-hello': 'the option `identity`',
  'peer-certificate': 'the option `trust`',
  'certificate-request': 'the option `identity` (null: none)',
  'session-lookup': 'the option `tickets` with keys',
  'early-data': 'the option `earlyDataGuard`',
  sign: 'a key that can sign',
}
