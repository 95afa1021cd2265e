/** What is made of a passphrase and of an opened key is overwritten once it has been used, also where opening fails. */
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { CryptoProvider } from '../../../src/crypto/provider.ts'
import { loadIdentity } from '../../../src/x509/keys/keys.ts'
import { providers } from '../../providers.ts'
import * as make from '../build.ts'
import * as p12 from './pfx.ts'

const leaf = make.leaf(make.root())
const pkcs8 = Uint8Array.from(leaf.keys.privateKey.export({ type: 'pkcs8', format: 'der' }))
const passphrase = 'a passphrase'
const locked: p12.Encryption = { password: passphrase, prf: 'sha256' }
const { bag, part, pfx, mac } = p12

/** A provider that notes every secret that passes through it: what it is given, and what it gives. */
function watched(crypto: CryptoProvider) {
  const seen: Uint8Array[] = []
  const { passwords } = crypto
  if (!passwords) throw new Error('the provider has no passwords')
  const noting = <T extends Uint8Array | undefined>(result: T, ...secrets: readonly Uint8Array[]): T => {
    seen.push(...secrets, ...(result ? [result] : []))
    return result
  }
  const watching: CryptoProvider = {
    ...crypto,
    passwords: {
      pbkdf2: (hash, password, ...rest) => noting(passwords.pbkdf2(hash, password, ...rest), password),
      scrypt: (password, ...rest) => noting(passwords.scrypt(password, ...rest), password),
      decryptAesCbc: (key, ...rest) => noting(passwords.decryptAesCbc(key, ...rest), key),
      digest: (hash, data) => noting(passwords.digest(hash, data), data),
      verifyHmac: (hash, key, data, mac) => {
        seen.push(key)
        return passwords.verifyHmac(hash, key, data, mac)
      },
    },
    importPrivateKey: key => {
      seen.push(key)
      return crypto.importPrivateKey(key)
    },
  }
  const left = () => seen.filter(bytes => bytes.some(octet => octet !== 0))
  return { watching, seen, left }
}

describe.each(providers())('on $name', crypto => {
  const file = () =>
    pfx([part.encrypted(locked, bag.certificate(leaf.der)), part.plain(bag.shrouded(pkcs8, locked))], mac({ password: passphrase }))
  const encrypted = p12.encryptedKey(pkcs8, { ...locked })

  it('nothing of a PKCS#12 file is left, and the key signs', () => {
    const { watching, seen, left } = watched(crypto)
    const given = file()
    const { key, chain } = loadIdentity({ pfx: given, passphrase, crypto: watching })
    expect(seen.length).toBeGreaterThan(8)
    expect(left()).toEqual([])
    expect(given).toHaveLength(file().length)
    expect(chain).toEqual([leaf.der])
    expect(key.sign?.(key.schemes[0] ?? 0, new Uint8Array(3))?.length).toBeGreaterThan(8)
  })

  it('nor of an encrypted key, nor of one in PEM; the caller’s own bytes stay', () => {
    const sec1 = leaf.keys.privateKey.export({ type: 'sec1', format: 'pem' }) as string
    for (const key of [encrypted, sec1, leaf.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string]) {
      const { watching, seen, left } = watched(crypto)
      loadIdentity({ cert: leaf.der, key, passphrase, crypto: watching })
      expect(seen.length).toBeGreaterThan(0)
      expect(left()).toEqual([])
    }
    const own = pkcs8.slice()
    loadIdentity({ cert: leaf.der, key: own, crypto })
    expect(own).toEqual(pkcs8)
    expect(encrypted).toEqual(p12.encryptedKey(pkcs8, { ...locked }))
  })

  it('nor where the passphrase is wrong, or the key is of another certificate', () => {
    const other = make.leaf(make.root(), { keys: generateKeyPairSync('ec', { namedCurve: 'P-256' }) })
    const wrong = pfx([part.plain(bag.certificate(other.der), bag.shrouded(pkcs8, locked))])
    for (const source of [
      { pfx: file(), passphrase: 'another' },
      { pfx: wrong, passphrase },
      { cert: leaf.der, key: encrypted, passphrase: 'another' },
    ]) {
      const { watching, seen, left } = watched(crypto)
      expect(() => loadIdentity({ ...source, crypto: watching })).toThrow(TypeError)
      expect(seen.length).toBeGreaterThan(0)
      expect(left()).toEqual([])
    }
  })
})
