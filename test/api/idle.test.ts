import { queryObjects } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { Conversation } from '../../src/handshake/conversation.ts'
import { Transcript } from '../../src/schedule/transcript.ts'
import { credentials } from '../credentials.ts'
import type { Pair } from '../pair.ts'
import { providers } from '../providers.ts'
import { pairOf, type Setup } from './setup.ts'

const minted = await credentials('P-256')

describe.each(providers())('on $name, connections that are done with their handshake', provider => {
  const connected = (setup: Setup = {}): Pair[] => {
    const pairs = Array.from({ length: 3 }, () => pairOf(provider, minted, setup).run())
    for (const { client, server } of pairs) expect([client.connected, server.connected]).toEqual([true, true])
    return pairs
  }

  it('have let go of its dialogue and its transcript', () => {
    const pairs = connected()
    expect({ conversations: alive(Conversation), transcripts: alive(Transcript) }).toEqual({ conversations: 0, transcripts: 0 })
    expect(pairs).toHaveLength(3)
  })

  it('keep the transcript where the client may authenticate later', () => {
    const pairs = connected({ client: { postHandshakeAuth: true } })
    expect({ conversations: alive(Conversation), transcripts: alive(Transcript) }).toEqual({ conversations: 0, transcripts: 6 })
    expect(pairs).toHaveLength(3)
  })
})

/** How many there are once the garbage is gone. */
function alive(type: typeof Conversation | typeof Transcript): number | string[] {
  return queryObjects(type)
}
