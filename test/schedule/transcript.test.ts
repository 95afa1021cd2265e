import { describe, expect, test } from 'vitest'
import { Transcript } from '../../src/schedule/transcript.ts'
import { hashOf, providers } from './providers.ts'
import { toHex } from './rfc8448.ts'

const hello = new Uint8Array([1, 0, 0, 2, 3, 4])
const answer = new Uint8Array([2, 0, 0, 1, 9])

describe.each(providers)('With $name', provider => {
  const hash = hashOf(provider, 'sha384')
  const digestOf = (...parts: Uint8Array[]) => {
    const hasher = hash.create()
    for (const part of parts) hasher.update(part)
    return toHex(hasher.digest())
  }

  test('messages from before the choice of the hash count like those after it', () => {
    const transcript = new Transcript()
    transcript.add(hello)
    transcript.choose(hash)
    transcript.add(answer)
    expect(toHex(transcript.digest())).toBe(digestOf(hello, answer))
  })

  test('a digest can be read at any point and changes nothing', () => {
    const transcript = new Transcript()
    transcript.choose(hash)
    transcript.add(hello)
    expect(toHex(transcript.digest())).toBe(digestOf(hello))
    expect(toHex(transcript.digestWith(answer))).toBe(digestOf(hello, answer))
    expect(toHex(transcript.digest())).toBe(digestOf(hello))
  })

  test('a message may be overwritten once it is added', () => {
    const message = hello.slice()
    const transcript = new Transcript()
    transcript.add(message)
    message.fill(0)
    transcript.choose(hash)
    expect(toHex(transcript.digest())).toBe(digestOf(hello))
  })

  test('a HelloRetryRequest turns the first ClientHello into a message_hash', () => {
    const transcript = new Transcript()
    transcript.add(hello)
    transcript.choose(hash)
    transcript.replaceByMessageHash()
    transcript.add(answer)
    const digest = hash.create().update(hello).digest()
    expect(toHex(transcript.digest())).toBe(digestOf(new Uint8Array([254, 0, 0, 48]), digest, answer))
  })

  test('a second choice, and anything that needs the hash before the first, is a TypeError', () => {
    const transcript = new Transcript()
    transcript.add(hello)
    expect(() => transcript.digest()).toThrow(TypeError)
    expect(() => transcript.digestWith(answer)).toThrow(TypeError)
    expect(() => transcript.replaceByMessageHash()).toThrow(TypeError)
    transcript.choose(hash)
    expect(() => transcript.choose(hash)).toThrow(TypeError)
  })
})
