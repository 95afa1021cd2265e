import type { FaultCode } from '../error.ts'

/** Bytes do not follow their description. `code` names the fault; the reader of the message turns it into an alert. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
  readonly code: FaultCode

  constructor(message: string, code: FaultCode = 'decode-error') {
    super(message)
    this.code = code
  }
}
