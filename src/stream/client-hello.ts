/** What a client says first, before the server has decided anything. */
import type { CodePoint } from '../crypto/provider.ts'
import type { ClientHelloInfo } from '../types.ts'
import { fingerprint } from './ja4.ts'

export class ClientHello {
  /** The name that the client asks for; `undefined` where it names none. */
  readonly serverName: string | undefined
  /** Application protocols, the client's favourite first. */
  readonly alpnIds: readonly string[]
  /** Code points, as the client sent them, reserved ones (RFC 8701) included. */
  readonly cipherSuites: readonly CodePoint[]
  readonly supportedVersions: readonly CodePoint[]
  readonly groups: readonly CodePoint[]
  readonly signatureSchemes: readonly CodePoint[]
  /** The whole handshake message. */
  readonly raw: Uint8Array

  constructor({ serverName, alpn, cipherSuites, supportedVersions, groups, signatureSchemes, raw }: ClientHelloInfo) {
    this.serverName = serverName
    this.alpnIds = alpn
    this.cipherSuites = cipherSuites
    this.supportedVersions = supportedVersions
    this.groups = groups
    this.signatureSchemes = signatureSchemes
    this.raw = raw
  }

  /** What kind of client this is, as far as its hello tells: JA4, `t13d1516h2_8daaf6152771_e5627efa2ab1`. */
  get fingerprint(): string {
    return fingerprint(this.raw)
  }
}
