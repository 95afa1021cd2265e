/** Where this package differs from `node:tls` on purpose. docs/node-tls.md tells users; an entry that no longer holds fails its scenario. */

export interface Difference {
  /** The title. */
  readonly scenario: string
  /** At which end this package has to be for it to show. */
  readonly when: 'client' | 'server' | 'either'
  /** Where in the transcript: names and places, joined by dots. */
  readonly at: string
  readonly node: unknown
  readonly tassel: unknown
  readonly reason: string
}

export const differences: readonly Difference[] = [
  ...['0', '1'].map(attempt => ({
    scenario: 'A server that hangs up before the handshake is done is ECONNRESET, in the words that programs look for',
    when: 'client' as const,
    at: `${attempt}.log`,
    node: [['connect'], ['ready'], ['end'], ['error', { name: 'Error', code: 'ECONNRESET' }], ['close', true]],
    tassel: [['connect'], ['ready'], ['error', { name: 'Error', code: 'ECONNRESET' }], ['close', true]],
    reason: 'no end is told of what never began',
  })),
  ...['0', '1'].map(attempt => ({
    scenario: 'destroy before the connection is there tells close alone, and calls back pending writes with an error',
    when: 'client' as const,
    at: `${attempt}.written.0.1.code`,
    node: 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION',
    tassel: attempt === '0' ? 'ERR_STREAM_DESTROYED' : undefined,
    reason: 'writes of one tick are gathered: the callback gets what any stream gives, the error that destroyed it or ERR_STREAM_DESTROYED',
  })),
  ...[
    { end: '0', when: 'client' as const },
    { end: '1', when: 'server' as const },
  ].flatMap(({ end, when }) => [
    {
      scenario: 'A socket that is gone answers as its documentation says',
      when,
      at: `${end}.exported`,
      node: { thrown: { name: 'TypeError', code: undefined } },
      tassel: { thrown: { name: 'Error', code: 'ERR_TLS_INVALID_STATE' } },
      reason: 'Node trips over its own handle there; this is the error that it documents',
    },
    {
      scenario: 'A socket that is gone answers as its documentation says',
      when,
      at: `${end}.fragment`,
      node: { thrown: { name: 'TypeError', code: undefined } },
      tassel: false,
      reason: 'Node trips over its own handle there; nothing was set',
    },
    {
      scenario: 'The high-water marks, where nobody sets them',
      when,
      at: end,
      node: { readableHighWaterMark: 16_384, writableHighWaterMark: 16_384, readableObjectMode: false },
      tassel: { readableHighWaterMark: 65_536, writableHighWaterMark: 65_536, readableObjectMode: false },
      reason: 'four records at a time are fewer turns of the event loop; the option highWaterMark is taken',
    },
  ]),
  {
    scenario: 'cork gathers, uncork sends, and the counts of a corked socket tell of it',
    when: 'client',
    at: 'corked.writableCorked',
    node: 1,
    tassel: 2,
    reason: 'the stream corks itself for the rest of a tick, so that small writes leave as one record',
  },
]
