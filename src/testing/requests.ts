/** Certificate requests (PKCS #10, RFC 2986). */
import 'reflect-metadata'
import { Name, Pkcs10CertificateRequest, Pkcs10CertificateRequestGenerator } from '@peculiar/x509'
import { encode, tags } from '../wire/der.ts'
import { decodePem, encodePem } from '../x509/pem.ts'
import type { RawExtension } from './der.ts'
import { raw } from './extensions.ts'
import { generateKeyPair, type KeyOrder, type KeyPair, signingAlgorithm } from './keys.ts'
import { type DistinguishedNameOrder, encodeGeneralNames, encodeName, type GeneralNameOrder, textOf } from './names.ts'

export interface RequestOptions {
  /** The alternative names that are asked for. At least one, or a subject. */
  readonly names?: readonly GeneralNameOrder[]
  /** Default: the first name as the common name. */
  readonly subject?: DistinguishedNameOrder
  /** The kind of a new key, or a pair that is there already. Default `P-256`. */
  readonly key?: KeyOrder | KeyPair
  /** Other extensions that are asked for. */
  readonly extensions?: readonly RawExtension[]
}

export interface MintedRequest {
  readonly requestDer: Uint8Array
  readonly requestPem: string
  readonly keys: KeyPair
  readonly privateKeyPkcs8: Uint8Array
  readonly privateKeyPem: string
}

/** A request, signed by the key that it is about. */
export async function mintRequest(options: RequestOptions): Promise<MintedRequest> {
  const { names = [], key = 'P-256', extensions = [] } = options
  const subject = options.subject ?? { CN: firstName(names) }
  const keys = typeof key === 'string' ? await generateKeyPair(key) : key
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: new Name(encodeName(subject)),
    keys,
    signingAlgorithm: signingAlgorithm(keys),
    extensions: [
      ...(names.length > 0 ? [raw(subjectAltName, encode(tags.sequence, encodeGeneralNames(names)))] : []),
      ...extensions.map(({ oid, critical, value }) => raw(oid, value, critical)),
    ],
  })
  const requestDer = new Uint8Array(request.rawData)
  const requestPem = encodePem('CERTIFICATE REQUEST', requestDer)
  return { requestDer, requestPem, keys, privateKeyPkcs8: keys.privateKeyPkcs8, privateKeyPem: keys.privateKeyPem }
}

/** What a request asks for, once its signature has shown that whoever asks has the key. */
export interface ReadRequest {
  readonly publicKeySpki: Uint8Array
  /** A Name, DER. */
  readonly subject: Uint8Array
  /** The extension with the alternative names, as it stands there. */
  readonly names: RawExtension | undefined
}

/** Reads a request, DER or PEM. Throws `TypeError` where it is none, or its signature is not by its own key. */
export async function readRequest(source: Uint8Array | string): Promise<ReadRequest> {
  const request = parse(typeof source === 'string' ? requestBlock(source) : source)
  if (!(await request.verify().catch(() => false))) throw new TypeError('the request is not signed by the key that it is about')
  const names = request.getExtension(subjectAltName)
  return {
    publicKeySpki: new Uint8Array(request.publicKey.rawData),
    subject: new Uint8Array(request.subjectName.toArrayBuffer()),
    names: names ? { oid: subjectAltName, critical: names.critical, value: new Uint8Array(names.value) } : undefined,
  }
}

const subjectAltName = '2.5.29.17'

function firstName(names: readonly GeneralNameOrder[]): string {
  const text = names[0] && textOf(names[0])
  if (text === undefined) throw new TypeError('a request is made for at least one name, or for a subject')
  return text
}

function requestBlock(pem: string): Uint8Array {
  const block = decodePem(pem).find(({ label }) => /^(?:NEW )?CERTIFICATE REQUEST$/.test(label))
  if (!block) throw new TypeError('there is no certificate request in the PEM text')
  return block.bytes
}

function parse(der: Uint8Array): Pkcs10CertificateRequest {
  try {
    return new Pkcs10CertificateRequest(der)
  } catch (error) {
    throw new TypeError(`this is no certificate request: ${error instanceof Error ? error.message : String(error)}`)
  }
}
