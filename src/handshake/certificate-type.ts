/** Certificate types (RFC 7250): X.509, or a public key alone. */
import { TlsError } from '../error.ts'
import type { CertificateType } from '../types.ts'

/** The TLS Certificate Types registry. */
export const certificateTypeCodes: Readonly<Record<CertificateType, number>> = { X509: 0, RawPublicKey: 2 }

/** What a code point stands for; X.509 where it is none that is known. */
export function typeOfCode(code: number): CertificateType {
  return code === certificateTypeCodes.RawPublicKey ? 'RawPublicKey' : 'X509'
}

/** The list that is offered, or nothing where it is the default. */
export function offeredTypes(types: readonly CertificateType[]): readonly number[] | undefined {
  return types.every(type => type === 'X509') ? undefined : types.map(type => certificateTypeCodes[type])
}

/** What a peer chose out of `offered`; X.509 where it chose nothing. */
export function selectedType(code: number | undefined, offered: readonly CertificateType[]): CertificateType {
  if (code === undefined) return 'X509'
  const type = offered.find(each => certificateTypeCodes[each] === code)
  if (!type) throw new TlsError('illegal-selection', `certificate type ${code} was not offered`)
  return type
}

/** The first of `own` that is among the peer's; without a list, the peer means X.509. Throws `certificate-type` where none is. */
export function chooseType(codes: readonly number[] | undefined, own: readonly CertificateType[]): CertificateType {
  const type = own.find(each => (codes ?? [certificateTypeCodes.X509]).includes(certificateTypeCodes[each]))
  if (!type) throw new TlsError('certificate-type', 'the client offers none of the certificate types that are taken here')
  return type
}
