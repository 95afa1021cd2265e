/** Name and key of a certificate, found by walking its DER: no reader of certificates is needed to hold anchors against them. */
import { constructedTag, readDer, sequence } from '../../src/wire/der.ts'

export function certificateFields(der: Uint8Array): { subject: Uint8Array; publicKey: Uint8Array } {
  const fields = sequence(sequence(readDer(der)).next())
  fields.optional(constructedTag(0))
  for (const _ of ['serialNumber', 'signature', 'issuer', 'validity']) fields.next()
  return { subject: fields.next().raw, publicKey: fields.next().raw }
}
