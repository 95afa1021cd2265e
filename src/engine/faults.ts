import { KeyExchangeError } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import { DecodeError } from '../wire/error.ts'

/** Whatever was thrown inside the engine as the failure of its connection. What nobody foresaw is `internal`, its cause kept. */
export function asTlsError(error: unknown): TlsError {
  if (error instanceof TlsError) return error
  if (error instanceof DecodeError) return new TlsError(error.code, error.message, { cause: error })
  if (error instanceof KeyExchangeError) return new TlsError('illegal-key-share', error.message, { cause: error })
  return new TlsError('internal', error instanceof Error ? error.message : String(error), { cause: error })
}
