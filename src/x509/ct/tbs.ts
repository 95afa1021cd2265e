/** From a certificate back to what its logs saw before it was issued (RFC 6962 §3.1 and §3.2). */
import { join } from '../../wire/bytes.ts'
import {
  boolean,
  constructedTag,
  type DerReader,
  type DerValue,
  encode,
  malformed,
  octetString,
  oid,
  readDer,
  sequence,
  tags,
} from '../../wire/der.ts'

/** Where Certificate Transparency lives in certificates and OCSP responses, dotted. */
export const ctExtensions = {
  /** In a certificate: the SCTs of its precertificate. */
  sctList: '1.3.6.1.4.1.11129.2.4.2',
  /** In a precertificate: a critical extension that nobody processes, so that it is never taken for a certificate. */
  poison: '1.3.6.1.4.1.11129.2.4.3',
  /** In a single response of OCSP: SCTs of the certificate. */
  ocspSctList: '1.3.6.1.4.1.11129.2.4.5',
} as const

export interface TbsParts {
  /** TBSCertificate without poison and without SCTs, DER: what the logs signed. Where it had neither, `tbs` itself. */
  readonly logged: Uint8Array
  /** Contents of the SCT extension: the DER of an OCTET STRING. */
  readonly sctExtension: Uint8Array | undefined
  /** Whether it is a precertificate: nothing to rely on, critical or not. */
  readonly precertificate: boolean
}

/**
 * Takes what belongs to Certificate Transparency out of a TBSCertificate, DER. All other octets stay as they are; only the lengths around
 * the extensions change, and the field of the extensions goes with its last one, since an empty one is not possible (RFC 5280 §4.1).
 * Throws `DecodeError`.
 */
export function dissectTbs(tbs: Uint8Array): TbsParts {
  const fields = all(sequence(readDer(tbs)))
  const field = fields.at(-1)
  if (field?.tag !== constructedTag(3)) return { logged: tbs, sctExtension: undefined, precertificate: false }
  const extensions = all(sequence(field.inner())).map(readExtension)
  const [list, secondList] = extensions.filter(({ id }) => id === ctExtensions.sctList)
  if (secondList) throw malformed('the extension with SCTs is repeated', secondList.whole)
  const rest = extensions.filter(({ id }) => id !== ctExtensions.sctList && id !== ctExtensions.poison)
  return {
    logged: rest.length === extensions.length ? tbs : withExtensions(fields.slice(0, -1), rest),
    sctExtension: list?.contents,
    precertificate: extensions.some(({ id }) => id === ctExtensions.poison),
  }
}

interface Extension {
  readonly id: string
  readonly contents: Uint8Array
  readonly whole: DerValue
}

function readExtension(whole: DerValue): Extension {
  const fields = sequence(whole)
  const id = oid(fields.next())
  const critical = fields.optional(tags.boolean)
  if (critical) boolean(critical)
  const contents = octetString(fields.next())
  fields.end()
  return { id, contents, whole }
}

function withExtensions(fields: readonly DerValue[], extensions: readonly Extension[]): Uint8Array {
  const list = encode(tags.sequence, join(extensions.map(({ whole }) => whole.raw)))
  const field = extensions.length > 0 ? [encode(constructedTag(3), list)] : []
  return encode(tags.sequence, join(fields.map(({ raw }) => raw)), ...field)
}

function all(reader: DerReader): DerValue[] {
  const values: DerValue[] = []
  while (!reader.done) values.push(reader.next())
  return values
}
