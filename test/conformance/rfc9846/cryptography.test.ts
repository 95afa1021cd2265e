/**
 * Shares, signatures, certificates and Finished that look right but are not: RFC 9846 §4.3.8, §4.5, §7.4. An engine with malice plays the
 * peer, on every provider.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import type { CryptoProvider, KeyExchange, PrivateKey } from '../../../src/crypto/provider.ts'
import { clientAnswers, serverAnswers } from '../../../src/engine/answers.ts'
import { Engine } from '../../../src/engine/connection.ts'
import { clientSettings, serverSettings } from '../../../src/engine/options.ts'
import { createClient, createServer } from '../../../src/engine.ts'
import type { AlertName, FaultCode } from '../../../src/error.ts'
import { clientHandshake } from '../../../src/handshake/client.ts'
import type { Io } from '../../../src/handshake/dialogue.ts'
import { serverHandshake } from '../../../src/handshake/server.ts'
import { mintAuthority } from '../../../src/testing/certificates.ts'
import type { ClientOptions, Connection, Identity, ServerOptions } from '../../../src/types.ts'
import { concat, fromText, toText } from '../../../src/wire/bytes.ts'
import type { MessageName } from '../../../src/wire/messages.ts'
import { type Credentials, credentials } from '../../credentials.ts'
import { Pair } from '../../pair.ts'
import { providers } from '../../providers.ts'
import * as tls from './bytes.ts'
import { bytes } from './bytes.ts'

const decodeError = { code: 'decode-error', alert: 'decode_error' } as const
const notOffered = { code: 'signature-scheme-not-offered', alert: 'illegal_parameter' } as const
const badFinished = { code: 'bad-finished', alert: 'decrypt_error' } as const

let minted: Credentials
let others: Credentials
/** For the right name, by an authority that nobody trusts. */
let stranger: Uint8Array
beforeAll(async () => {
  minted = await credentials('P-256')
  others = await credentials('P-256')
  const authority = await mintAuthority({ name: 'Nobody' })
  stranger = (await authority.issue({ names: ['localhost'] })).certificateDer
})

/** What one side does wrong; in all else it is an engine like the other. */
interface Malice {
  readonly share?: { readonly group: string; readonly forge: (honest: Uint8Array) => Uint8Array }
  readonly key?: (provider: CryptoProvider) => PrivateKey
  readonly sign?: (key: PrivateKey, scheme: number, message: Uint8Array) => Uint8Array
  readonly identity?: (provider: CryptoProvider) => Identity
  readonly message?: (name: MessageName, message: Uint8Array) => Uint8Array
}

interface Cryptographic extends Malice {
  readonly section: string
  readonly rule: string
  /** Who is malicious; both, where nothing is said. */
  readonly from?: 'client' | 'server'
  readonly code: FaultCode
  readonly alert: AlertName
}

const badSignature = { code: 'bad-signature', alert: 'decrypt_error' } as const
const illegalShare = { code: 'illegal-key-share', alert: 'illegal_parameter' } as const

const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))
const flipped = (whole: Uint8Array, at: number) => whole.map((byte, i) => (i === (at + whole.length) % whole.length ? byte ^ 1 : byte))
/** Points of X25519 of small order: with each, the secret is zero. */
const smallOrder = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
]

const shareRules: readonly Cryptographic[] = [
  ...smallOrder.map(point => ({
    section: '7.4.2',
    rule: `X25519 does not end at zero: ${point.slice(0, 8)}…${point.slice(-4)}`,
    share: { group: 'x25519', forge: () => hex(point) },
    ...illegalShare,
  })),
  ...['secp256r1', 'secp384r1', 'secp521r1'].flatMap(group => {
    const size = { secp256r1: 32, secp384r1: 48, secp521r1: 66 }[group] ?? 0
    const forgeries: readonly (readonly [string, (honest: Uint8Array) => Uint8Array])[] = [
      ['lies on the curve', honest => flipped(honest, -1)],
      ['has coordinates in range', () => concat(bytes(4), tls.filled(2 * size, 0xff))],
      ['is not at the origin', () => concat(bytes(4), new Uint8Array(2 * size))],
      ['is not at infinity', () => bytes(0)],
      ['is not compressed', honest => concat(bytes(2 + ((honest.at(-1) ?? 0) & 1)), honest.subarray(1, 1 + size))],
      ['is not in the hybrid form', honest => concat(bytes(6 + ((honest.at(-1) ?? 0) & 1)), honest.subarray(1))],
      ['has a form', honest => honest.subarray(1)],
      ['has nothing after it', honest => concat(honest, bytes(0))],
    ]
    return forgeries.map(([rule, forge]) => ({
      section: '4.3.8.2',
      rule: `a point of ${group} ${rule}`,
      share: { group, forge },
      ...illegalShare,
    }))
  }),
  {
    section: '4.3.8.2',
    rule: 'a share of x25519 has 32 bytes, not 31',
    share: { group: 'x25519', forge: honest => honest.subarray(1) },
    ...illegalShare,
  },
  {
    section: '4.3.8.2',
    rule: 'a share of x25519 has 32 bytes, not 33',
    share: { group: 'x25519', forge: honest => concat(honest, bytes(0)) },
    ...illegalShare,
  },
  {
    section: '4.3.8',
    rule: 'a share of X25519MLKEM768 is whole',
    share: { group: 'X25519MLKEM768', forge: honest => honest.subarray(0, -1) },
    ...illegalShare,
  },
  {
    section: '4.3.8',
    rule: 'a share of X25519MLKEM768 has both parts',
    share: { group: 'X25519MLKEM768', forge: honest => honest.subarray(-32) },
    ...illegalShare,
  },
  {
    section: '7.4.2',
    rule: 'X25519 does not end at zero beside ML-KEM either',
    share: { group: 'X25519MLKEM768', forge: honest => concat(honest.subarray(0, -32), new Uint8Array(32)) },
    ...illegalShare,
  },
  {
    section: '4.3.8',
    rule: 'an encapsulation key of ML-KEM holds numbers below q',
    from: 'client',
    share: { group: 'X25519MLKEM768', forge: honest => concat(tls.filled(1152, 0xff), honest.subarray(1152)) },
    ...illegalShare,
  },
]

const otherRole = (content: Uint8Array) => {
  const text = toText(content)
  return fromText(text.includes('server') ? text.replace('server', 'client') : text.replace('client', 'server'))
}
const inVerify = (change: (message: Uint8Array) => Uint8Array) => (name: MessageName, message: Uint8Array) =>
  name === 'certificate_verify' ? change(message) : message
const inFinished = (change: (message: Uint8Array) => Uint8Array) => (name: MessageName, message: Uint8Array) =>
  name === 'finished' ? change(message) : message
const withScheme = (scheme: number) => inVerify(message => concat(message.subarray(0, 4), tls.u16(scheme), message.subarray(6)))

const signatureRules: readonly Cryptographic[] = [
  { section: '4.5.2', rule: 'the signature is by the certificate’s key', key: provider => others.identity(provider).key, ...badSignature },
  {
    section: '4.5.2',
    rule: 'the signature is whole',
    sign: (key, scheme, message) => flipped(key.sign?.(scheme, message) ?? tls.none, -1),
    ...badSignature,
  },
  { section: '4.5.2', rule: 'the signature is not empty', sign: () => tls.none, ...badSignature },
  { section: '4.5.2', rule: 'the signature is no garbage', sign: () => tls.filled(70), ...badSignature },
  {
    section: '4.5.2',
    rule: 'the signature is for this role',
    sign: (key, scheme, message) => key.sign?.(scheme, otherRole(message)) ?? tls.none,
    ...badSignature,
  },
  {
    section: '4.5.2',
    rule: 'the signature is for this handshake',
    sign: (key, scheme, message) => key.sign?.(scheme, flipped(message, -1)) ?? tls.none,
    ...badSignature,
  },
  {
    section: '4.5.2',
    rule: 'the signature begins with its 64 blanks',
    sign: (key, scheme, message) => key.sign?.(scheme, message.subarray(64)) ?? tls.none,
    ...badSignature,
  },
  { section: '4.5.2', rule: 'rsa_pkcs1_sha256 is for certificates only', message: withScheme(0x0401), ...notOffered },
  { section: '4.5.2', rule: 'ecdsa_sha1 is never for CertificateVerify', message: withScheme(0x0203), ...notOffered },
  { section: '4.5.2', rule: 'the scheme fits the key: not that of another curve', message: withScheme(0x0503), ...badSignature },
  { section: '4.5.2', rule: 'the scheme fits the key: not ed25519', message: withScheme(0x0807), ...badSignature },
  { section: '4.5.2', rule: 'the scheme fits the key: not RSA', message: withScheme(0x0804), ...badSignature },
  { section: '4.5.3', rule: 'verify_data fits in its last bit', message: inFinished(message => flipped(message, -1)), ...badFinished },
  { section: '4.5.3', rule: 'verify_data fits in its first bit', message: inFinished(message => flipped(message, 4)), ...badFinished },
  {
    section: '4.5.3',
    rule: 'verify_data is not zero',
    message: inFinished(message => concat(message.subarray(0, 4), new Uint8Array(message.length - 4))),
    ...badFinished,
  },
  {
    section: '4.5.3',
    rule: 'verify_data is not cut short',
    message: inFinished(message => tls.finished(message.subarray(4, -1))),
    ...decodeError,
  },
  {
    section: '4.5.1',
    rule: 'the chain ends at a root that is trusted',
    identity: provider => ({ ...minted.identity(provider), chain: [stranger] }),
    code: 'issuer-unknown',
    alert: 'unknown_ca',
  },
  {
    section: '4.5.1',
    rule: 'the chain is signed by the root that it names',
    identity: provider => others.identity(provider),
    code: 'certificate-signature',
    alert: 'bad_certificate',
  },
  {
    section: '4.5.1',
    rule: 'the certificate is DER',
    identity: provider => ({ ...minted.identity(provider), chain: [bytes(0x30, 3, 1, 1, 2)] }),
    code: 'certificate-malformed',
    alert: 'bad_certificate',
  },
  {
    section: '4.5.1',
    rule: 'the certificate’s own signature is whole',
    identity: provider => ({ ...minted.identity(provider), chain: minted.identity(provider).chain.map(each => flipped(each, -1)) }),
    code: 'certificate-signature',
    alert: 'bad_certificate',
  },
]

describe.each(providers())('with cryptography, on the provider $name', provider => {
  const cases = [...shareRules, ...signatureRules].flatMap(rule =>
    (['server', 'client'] as const).filter(from => (rule.from ?? from) === from).map(from => ({ ...rule, from })),
  )
  for (const { section, rule, from, code, alert, ...malice } of cases) {
    it(`§${section} ${rule}, from the ${from}`, () => {
      const pair = from === 'server' ? againstClient(provider, malice) : againstServer(provider, malice)
      pair.run()
      const [victim, villain] = from === 'server' ? [pair.client, pair.server] : [pair.server, pair.client]
      expect(victim.error).toMatchObject({ code, alert, origin: 'local' })
      expect(victim.connected).toBe(false)
      expect(villain.error).toMatchObject({ code: 'peer-alert', alert, origin: 'peer' })
    })
  }

  it.each(['server', 'client'] as const)('§4.7.3 after KeyUpdate from the %s the old key is not taken', from => {
    const pair = from === 'server' ? againstClient(provider, {}) : againstServer(provider, {})
    pair.run()
    const [victim, villain] = from === 'server' ? [pair.client, pair.server] : [pair.server, pair.client]
    expect(victim.connected && villain.connected).toBe(true)
    if (!(villain.connection instanceof Engine)) throw new Error('the villain is an engine')
    villain.connection.sendHandshakeMessage(tls.keyUpdate(0))
    villain.connection.send(bytes(1, 2, 3))
    pair.run()
    expect(victim.data).toHaveLength(0)
    expect(victim.error).toMatchObject({ code: 'bad-record-mac', alert: 'bad_record_mac', origin: 'local' })
    expect(villain.error).toMatchObject({ code: 'peer-alert', alert: 'bad_record_mac' })
  })

  it('§4.5 without malice the same two connect', () => {
    for (const pair of [againstClient(provider, {}), againstServer(provider, {})]) {
      pair.run()
      expect(pair.client.connected && pair.server.connected).toBe(true)
    }
  })
})

const now = () => minted.now

/** Fresh options of both sides; both are asked to prove themselves. */
function honest(crypto: CryptoProvider) {
  const common = { crypto, identity: minted.identity(crypto), trust: minted.trust(crypto), now }
  const client = { ...common, serverName: 'localhost' } satisfies ClientOptions
  const server = { ...common, clientAuth: 'require' } satisfies ServerOptions
  return { client, server }
}

function againstClient(crypto: CryptoProvider, malice: Malice): Pair {
  const { client, server } = honest(crypto)
  const groups = malice.share ? { groups: [malice.share.group] } : { groups: ['x25519'] }
  return new Pair(createClient({ ...client, ...groups }), maliciousServer({ ...server, ...groups, ...twisted(crypto, malice) }, malice))
}

function againstServer(crypto: CryptoProvider, malice: Malice): Pair {
  const { client, server } = honest(crypto)
  const groups = malice.share ? { groups: [malice.share.group] } : { groups: ['x25519'] }
  return new Pair(maliciousClient({ ...client, ...groups, ...twisted(crypto, malice) }, malice), createServer({ ...server, ...groups }))
}

function maliciousServer(options: ServerOptions & { crypto: CryptoProvider }, malice: Malice): Connection {
  const handshake = (io: Io) => serverHandshake(twistedIo(io, malice))
  return new Engine({ role: 'server', options, answers: serverAnswers(options, serverSettings(options)), handshake })
}

function maliciousClient(options: ClientOptions & { crypto: CryptoProvider }, malice: Malice): Connection {
  const settings = clientSettings(options)
  const handshake = (io: Io) => clientHandshake(settings, twistedIo(io, malice))
  return new Engine({ role: 'client', options, answers: clientAnswers(options), handshake })
}

function twistedIo(io: Io, { message }: Malice): Io {
  return message ? { ...io, send: (name, whole) => io.send(name, message(name, whole)) } : io
}

function twisted(crypto: CryptoProvider, malice: Malice): { crypto: CryptoProvider; identity: Identity } {
  const { share, sign } = malice
  const { chain, key } = { ...minted.identity(crypto), ...malice.identity?.(crypto), ...(malice.key && { key: malice.key(crypto) }) }
  const signer = sign ? { ...key, sign: (scheme: number, message: Uint8Array) => sign(key, scheme, message) } : key
  const groups = share ? crypto.groups.map(group => forging(group, share.forge)) : crypto.groups
  return { crypto: { ...crypto, groups }, identity: { chain, key: signer } }
}

/** A group with forged shares; what its own side takes for the secret does not matter. */
function forging(group: KeyExchange, forge: (honest: Uint8Array) => Uint8Array): KeyExchange {
  return {
    group: group.group,
    name: group.name,
    generate: () => {
      const pair = group.generate()
      return { share: forge(pair.share), agree: peer => pair.agree(peer) }
    },
    respond: peer => {
      const { share, secret } = group.respond(peer)
      return { share: forge(share), secret }
    },
  }
}
