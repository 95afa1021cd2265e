/** Where this package differs from `node:tls` on purpose. docs/node-tls.md tells users; an entry that no longer holds fails its scenario. */
import { X509Certificate } from 'node:crypto'
import { ca } from '../face.ts'

export interface Difference {
  /** The title. */
  readonly scenario: string
  /** At which end this package has to be for it to show. */
  readonly when: 'client' | 'server' | 'either' | 'both'
  /** Where in the transcript: names and places, joined by dots. */
  readonly at: string
  readonly node: unknown
  readonly tassel: unknown
  readonly reason: string
}

const refused = 'a peer is refused by an alert, before the handshake is done'
const rootsStay = 'a root is the peer to know: it is not sent, where OpenSSL completes a chain up to it from ca'
const alerted = { name: 'Error', code: 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR' }
const reset = { name: 'Error', code: 'ECONNRESET' }
const issuer = new X509Certificate(ca).fingerprint256

const typeError = { thrown: { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' } }
const assertion = { thrown: { name: 'Error', code: 'ERR_INTERNAL_ASSERTION' } }
const replaced = { thrown: { name: 'Error', code: 'ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED' } }
const excluded = { thrown: { name: 'TypeError', code: 'ERR_TLS_INVALID_PROTOCOL_VERSION' } }

/** Errors of arguments: the place among those that are tried, what Node says, and what this package says. */
const misuses: readonly Difference[] = (
  [
    [
      'A TLSSocket is what its documentation says that it extends',
      'socket',
      true,
      false,
      'it is a Duplex over any Duplex, with what a net.Socket has',
    ],
    ['Options that leave out TLS 1.3', '0.1', undefined, excluded, 'there is no other version'],
    ['Options that leave out TLS 1.3', '1.1', undefined, excluded, 'there is no other version'],
    ['Options that leave out TLS 1.3', '2.1', undefined, excluded, 'there is no other version'],
    ['createSecureContext minds its options', '20.1.thrown.code', undefined, 'ERR_CRYPTO_OPERATION_FAILED', 'a code where Node has none'],
    ['createSecureContext minds its options', '39.1', typeError, replaced, 'engines are replaced by signers: the error names them'],
    ['createSecureContext minds its options', '40.1', undefined, replaced, 'engines are replaced by signers: the error names them'],
    ['createSecureContext minds its options', '41.1', typeError, replaced, 'engines are replaced by signers: the error names them'],
    ['createServer minds its options, those of a context too', '15.1', undefined, typeError, 'a mistake is told at once'],
    ['connect minds its options', '5.1', assertion, typeError, 'Node asserts here, and has a code for it elsewhere'],
    ['connect minds its options', '7.1', assertion, typeError, 'Node asserts here, and has a code for it elsewhere'],
    ['connect minds its options', '8.1', assertion, typeError, 'Node asserts here, and has a code for it elsewhere'],
    [
      'The methods of a server mind their arguments',
      '18.1',
      assertion,
      { thrown: { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' } },
      'Node asserts here; this is the code of the option ticketKeys',
    ],
  ] as const
).map(([scenario, at, node, tassel, reason]) => ({ scenario, when: 'either', at, node, tassel, reason }))

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
  ...['4', '5'].map(attempt => ({
    scenario: 'SNICallback answers at once or later, with a context, with none, or with an error',
    when: 'server' as const,
    at: `${attempt}.1`,
    node: reset,
    tassel: alerted,
    reason: refused,
  })),
  {
    scenario: 'SNICallback answers at once or later, with a context, with none, or with an error',
    when: 'server',
    at: '5.3.0.code',
    node: undefined,
    tassel: 'ERR_TLS_INVALID_CONTEXT',
    reason: 'the code that Node has for it elsewhere',
  },
  {
    scenario: 'A client that sends nothing is ERR_TLS_HANDSHAKE_TIMEOUT after handshakeTimeout',
    when: 'server',
    at: 'destroyed',
    node: false,
    tassel: true,
    reason: 'the connection is aborted, as Node documents and leaves to the listener',
  },
  {
    scenario: 'A client whose certificate is not believed, where that is tolerated, comes in with the reason',
    when: 'client',
    at: '0.told.0.authorizationError',
    node: 'SELF_SIGNED_CERT_IN_CHAIN',
    tassel: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    reason: rootsStay,
  },
  {
    scenario: 'getPeerX509Certificate and getX509Certificate are X509Certificates of the right ones',
    when: 'server',
    at: '0.0.2',
    node: issuer,
    tassel: null,
    reason: rootsStay,
  },
  {
    scenario: 'getPeerX509Certificate and getX509Certificate are X509Certificates of the right ones',
    when: 'client',
    at: '1.0.2',
    node: issuer,
    tassel: null,
    reason: rootsStay,
  },
  {
    scenario: 'A client whose certificate is not believed, where one is required, is refused and the server knows why',
    when: 'server',
    at: 'told.0.code',
    node: 'ECONNRESET',
    tassel: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    reason: 'the server says why it refuses a client, where Node calls it a hang-up',
  },
  {
    scenario: 'What a server hears of a client that does not believe it',
    when: 'client',
    at: 'told.0.1.code',
    node: 'ECONNRESET',
    tassel: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    reason: refused,
  },
  {
    scenario: 'The group, where nobody chooses one',
    when: 'both',
    at: 'info',
    node: { type: 'ECDH', name: 'X25519', size: 253 },
    tassel: { type: 'KEM', name: 'X25519MLKEM768' },
    reason: 'keys are exchanged so that quantum computers can not find them, where both ends can: the option ecdhCurve chooses otherwise',
  },
  {
    scenario: 'getSharedSigalgs lists names of algorithms at a server, and those that the server asks for at a client',
    when: 'server',
    at: '0',
    node: ['ECDSA+SHA256', 'Ed25519+UNDEF', 'RSA-PSS+SHA384'],
    tassel: ['ECDSA+SHA256', 'RSA-PSS+SHA384', 'Ed25519+UNDEF'],
    reason: 'a key signs with the first scheme of the client that it can: the order is the client own, and so is the list',
  },
  {
    scenario: 'newSession and resumeSession keep sessions outside, with callbacks that take their time',
    when: 'server',
    at: 'asked',
    node: [false, false],
    tassel: [true],
    reason:
      'Node asks at each connection for an identifier that no session of TLS 1.3 has, and resumes by tickets: here the store is asked for what it was given',
  },
  ...misuses,
  {
    scenario: 'An address for a name is against RFC 6066, and a server without a name for it serves its own certificate',
    when: 'client',
    at: 'servername',
    node: '127.0.0.1',
    tassel: false,
    reason: 'RFC 6066 knows names alone: an address is not sent',
  },
  {
    scenario: 'pskCallback of a client is asked once for each connection',
    when: 'client',
    at: 'within',
    node: 0,
    tassel: 1,
    reason: 'the key is asked for, and looked at, within connect',
  },
  ...[
    'A session of the event session is resumed, and both ends say so',
    'A resumed connection is authorized, and shows the certificate and the protocol, as the first one was',
    'A session of a server that was not believed is no reason to believe it',
  ].map(scenario => ({
    scenario,
    when: 'client' as const,
    at: 'second.client.subject',
    node: undefined,
    tassel: 'DNS:localhost, IP Address:127.0.0.1',
    reason: 'a session of this package keeps the certificates; of those that Node gives to a program, they are lost',
  })),
  {
    scenario: 'setTicketKeys changes what getTicketKeys gives, and sessions under the old keys are not resumed',
    when: 'server',
    at: 'codes.1',
    node: assertion,
    tassel: { thrown: { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' } },
    reason: 'Node asserts here; this is the code of the option ticketKeys',
  },
  {
    scenario: 'cork gathers, uncork sends, and the counts of a corked socket tell of it',
    when: 'client',
    at: 'corked.writableCorked',
    node: 1,
    tassel: 2,
    reason: 'the stream corks itself for the rest of a tick, so that small writes leave as one record',
  },
]
