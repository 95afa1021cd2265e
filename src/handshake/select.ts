/** What a server chooses from a ClientHello. Its own preference decides; nothing here has an effect. */
import type { CipherSuite, CodePoint, Hash, KeyExchange } from '../crypto/provider.ts'
import { TlsError } from '../error.ts'
import type { CertificateType, Identity } from '../types.ts'
import { equal } from '../wire/bytes.ts'
import { find } from '../wire/extensions.ts'
import { type Signer, signerOf } from './auth.ts'
import { chooseType } from './certificate-type.ts'
import type { Offer } from './client-offer.ts'
import type { Exchange } from './exchange.ts'
import { type PskMode, pskModes } from './psk.ts'
import type { ServerSettings } from './settings.ts'

/** `hash`: the one that the PSK was made for. */
export function selectCipherSuite(settings: ServerSettings, offered: readonly CodePoint[], hash?: Hash): CipherSuite {
  const suite = settings.cipherSuites.find(each => offered.includes(each.id) && (!hash || each.hash.name === hash.name))
  if (!suite) throw new TlsError('no-common-cipher-suite', 'the client offers none of the cipher suites that are enabled here')
  return suite
}

/**
 * The group, and the client's share for it where it sent one. A group that needs no retry goes before a preferred one that would:
 * the round trip costs more than any difference between the groups.
 */
export function selectGroup(settings: ServerSettings, offer: Offer): SelectedGroup {
  const common = settings.groups.filter(each => offer.groups.includes(each.group))
  const group = common.find(each => offer.shares.has(each.group)) ?? common[0]
  if (!group) throw new TlsError('no-common-group', 'the client offers none of the groups that are enabled here')
  return { group, share: offer.shares.get(group.group) }
}

export interface SelectedGroup {
  readonly group: KeyExchange
  readonly share: Uint8Array | undefined
}

/** Whether a PSK of this client can be used with a key exchange, or else alone; `undefined`: not at all (RFC 9846 §4.3.9). */
export function selectPskMode(settings: ServerSettings, offer: Offer): PskMode | undefined {
  const canExchange = settings.groups.some(each => offer.groups.includes(each.group))
  const usable = settings.pskModes.filter(mode => offer.pskModes.includes(pskModes[mode]))
  if (canExchange && usable.includes('psk_dhe_ke')) return 'psk_dhe_ke'
  return usable.includes('psk_ke') ? 'psk_ke' : undefined
}

/** RFC 7301 §3.2. A server without protocols of its own ignores the client's. */
export function selectProtocol(settings: ServerSettings, offered: readonly Uint8Array[] | undefined): Uint8Array | undefined {
  if (!offered || settings.alpn.length === 0) return undefined
  const protocol = settings.alpn.find(own => offered.some(each => equal(own, each)))
  if (!protocol) throw new TlsError('no-common-application-protocol', 'the client offers none of the application protocols served here')
  return protocol
}

/** The first identity that the client takes: a type of certificate it takes, and a key that signs with a scheme of its own. */
export function selectIdentity(exchange: Exchange<ServerSettings>, offer: Offer): Signer & { readonly type: CertificateType } {
  const { identities } = exchange.settings
  if (identities.length === 0) throw new TlsError('no-identity', 'no identity was given for this client')
  const { extensions } = offer.hello
  if (!find(extensions, 'signature_algorithms')) {
    throw new TlsError('missing-extension', 'ClientHello has no signature_algorithms, and its pre-shared keys are not known')
  }
  const candidates = servingName(identities, offer.serverName)
  const type = chooseType(find(extensions, 'server_certificate_type'), [...new Set(candidates.map(each => each.type ?? 'X509'))])
  for (const identity of candidates) {
    const signer = signerOf(exchange, identity, offer.signatureSchemes, type)
    if (signer) return { ...signer, type }
  }
  throw new TlsError('no-common-signature-scheme', 'the client accepts none of the signature schemes of the keys here')
}

/** Those for the name that is asked for, or else those for any name (RFC 6066 §3). */
function servingName(identities: readonly Identity[], name: string | undefined): readonly Identity[] {
  const named = name === undefined ? [] : identities.filter(each => each.serverNames?.some(pattern => matches(pattern, name)))
  const candidates = named.length > 0 ? named : identities.filter(each => !each.serverNames)
  if (candidates.length === 0)
    throw new TlsError('name-not-served', name === undefined ? 'the client names no server' : `${name} is not served here`)
  return candidates
}

/** ASCII without case; a wildcard stands for one whole label. */
function matches(pattern: string, name: string): boolean {
  const [wanted, asked] = [pattern.toLowerCase(), name.toLowerCase()]
  return wanted === asked || (wanted.startsWith('*.') && wanted.slice(1) === asked.slice(asked.indexOf('.')) && asked.indexOf('.') > 0)
}
