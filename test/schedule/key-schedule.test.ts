import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { constantTimeEqual } from '../../src/crypto/constant-time.ts'
import { earlyStage, exportKeyingMaterial, nextTrafficSecret } from '../../src/schedule/key-schedule.ts'
import { hashOf, providers } from './providers.ts'
import { toHex } from './rfc8448.ts'

describe.each(providers)('With $name', provider => {
  const hash = hashOf(provider, 'sha256')
  const th = new Uint8Array(32).fill(1)

  test('a stage that was left answers no more', () => {
    const early = earlyStage(hash)
    const handshake = early.handshake(new Uint8Array(32))
    expect(() => early.clientEarlyTrafficSecret(th)).toThrow(TypeError)
    expect(() => early.binderKey('ext')).toThrow(TypeError)
    expect(() => early.handshake(undefined)).toThrow(TypeError)
    const master = handshake.main()
    expect(() => handshake.clientTrafficSecret(th)).toThrow(TypeError)
    expect(() => handshake.main()).toThrow(TypeError)
    expect(master.resumptionSecret(th)).toHaveLength(32)
    master.destroy()
    master.destroy()
    expect(() => master.exporterSecret(th)).toThrow(TypeError)
  })

  test('without a key exchange zeros take the place of its secret, and so for the PSK', () => {
    const zeros = new Uint8Array(32)
    expect(toHex(earlyStage(hash).handshake(undefined).serverTrafficSecret(th))).toBe(
      toHex(earlyStage(hash, zeros).handshake(zeros).serverTrafficSecret(th)),
    )
  })

  test('the two kinds of binder have different keys', () => {
    const early = earlyStage(hash, th)
    expect(toHex(early.binderKey('ext'))).not.toBe(toHex(early.binderKey('res')))
  })

  test('a key update is one HMAC over the label "traffic upd"', () => {
    const secret = new Uint8Array(32).fill(5)
    const label = Buffer.from('tls13 traffic upd')
    const info = Buffer.concat([Buffer.from([0, 32, label.length]), label, Buffer.from([0, 1])])
    expect(toHex(nextTrafficSecret(hash, secret))).toBe(createHmac('sha256', secret).update(info).digest('hex'))
    expect(toHex(secret)).toBe('05'.repeat(32))
  })
})

test.each(providers)('$name exports the bytes that node:tls exports from the same secret', async provider => {
  const hash = hashOf(provider, 'sha256')
  const context = new Uint8Array(300).fill(3)
  const label = 'EXPERIMENTAL-tassel'
  await withPskConnection((secret, theirs) => {
    for (const length of [1, 32, 33, 8160]) {
      expect(toHex(exportKeyingMaterial(hash, secret, label, context, length))).toBe(theirs(length, label, context))
      const without = toHex(exportKeyingMaterial(hash, secret, label, undefined, length))
      expect(without).toBe(theirs(length, label, new Uint8Array(0)))
    }
  })
})

test('an exporter refuses lengths and labels that HKDF cannot take', () => {
  const [provider] = providers
  if (provider === undefined) throw new Error('no provider')
  const hash = hashOf(provider, 'sha256')
  expect(() => exportKeyingMaterial(hash, new Uint8Array(32), 'x', undefined, 8161)).toThrow(TypeError)
  expect(() => exportKeyingMaterial(hash, new Uint8Array(32), 'é', undefined, 32)).toThrow(TypeError)
})

test('strings are equal in constant time only where every byte is', () => {
  const a = new Uint8Array([1, 2, 3])
  expect(constantTimeEqual(a, a.slice())).toBe(true)
  expect(constantTimeEqual(new Uint8Array(0), new Uint8Array(0))).toBe(true)
  for (let bit = 0; bit < 24; bit++) {
    const b = a.slice()
    b[bit >> 3] = (b[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(constantTimeEqual(a, b)).toBe(false)
  }
  expect(constantTimeEqual(a, a.subarray(0, 2))).toBe(false)
})

/** Hands over the exporter secret of a connection of node:tls, and its exporter. A PSK saves the certificate. */
async function withPskConnection(use: (secret: Uint8Array, exporter: Exporter) => void): Promise<void> {
  const psk = Buffer.alloc(32, 1)
  const options = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const
  const server = createServer({ ...options, pskCallback: () => psk }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect({ ...options, port, pskCallback: () => ({ psk, identity: 'x' }), checkServerIdentity: () => undefined })
  let secret = new Uint8Array(0)
  client.on('keylog', line => {
    const [label, , hex] = line.toString().trim().split(' ')
    if (label === 'EXPORTER_SECRET') secret = new Uint8Array(Buffer.from(hex ?? '', 'hex'))
  })
  await once(client, 'secureConnect')
  try {
    expect(secret).toHaveLength(32)
    use(secret, (length, label, context) => client.exportKeyingMaterial(length, label, Buffer.from(context)).toString('hex'))
  } finally {
    client.destroy()
    server.close()
  }
}

type Exporter = (length: number, label: string, context: Uint8Array) => string
