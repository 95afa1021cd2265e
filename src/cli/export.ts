/** `--export`: keying material for an application. */
import { UsageError } from './usage.ts'

export interface ExportRequest {
  readonly label: string
  /** Bytes. */
  readonly length: number
}

/** `LABEL:LENGTH`; the label may hold colons. */
export function parseExport(text: string | undefined): ExportRequest | undefined {
  if (text === undefined) return undefined
  const [, label = '', digits = ''] = /^(.*):([^:]*)$/s.exec(text) ?? []
  if (!/^[\x20-\x7e]{1,249}$/.test(label))
    throw new UsageError(`--export ${JSON.stringify(text)}: expected LABEL:LENGTH, the label of 1 to 249 ASCII characters`)
  const length = /^\d{1,5}$/.test(digits) ? Number(digits) : 0
  if (length >= 1 && length <= longest) return { label, length }
  throw new UsageError(`--export ${JSON.stringify(text)}: the length is "${digits}", expected 1 to ${longest} bytes`)
}

/** 255 hashes of SHA-256, the smaller of those that may be agreed on (RFC 5869). */
const longest = 255 * 32
