/**
 * Every sequence of messages up to a length, with sessions, early data, compressed certificates and authentication after the handshake:
 * exactly the legal ones pass. The handshakes without all this are in `state-machine.test.ts`.
 */
import { describe, expect, it } from 'vitest'
import { client, type Found, kinds, resumingClient, resumingServer, walk } from './walk.ts'

/** Besides what is out of place: what is refused at its right place for what is in it. */
const otherAlerts = ({ alerts }: Found) => [...alerts].filter(alert => !alert.startsWith('unexpected_message for ')).sort()
const tell = (who: string, { walked, handshakes, authentications }: Found) =>
  console.log(`${who}: ${walked} sequences walked, ${handshakes.length + authentications.length} legal`)
/** The same sequence with 0 to `most` of `kind` at `*`. */
const repeated = (kind: string, most: number, sequence: string) =>
  Array.from({ length: most + 1 }, (_, count) => sequence.replace('* > ', `${kind} > `.repeat(count)))
/** All words of these kinds, up to a length. */
const words = (alphabet: readonly string[], most: number): readonly string[] =>
  most === 0 ? [''] : ['', ...alphabet.flatMap(kind => words(alphabet, most - 1).map(rest => `${kind} > ${rest}`))]

const certificates = ['certificate', 'compressed_certificate']
const proofs = certificates.map(each => `${each} > certificate_verify > finished`)

describe(`a client that offers a session, and ${kinds.length} kinds of message`, () => {
  const full = (hello: string) =>
    ['', 'certificate_request > '].flatMap(request => proofs.map(proof => `${hello} > encrypted_extensions > ${request}${proof}`))
  const withoutEarlyData = [
    'server_hello with the PSK > encrypted_extensions > finished',
    'hello_retry_request > server_hello for the retry, with the PSK > encrypted_extensions > finished',
    ...full('server_hello'),
    ...full('hello_retry_request > server_hello for the retry'),
  ]

  it('completes exactly the legal handshakes', () => {
    const found = walk({ create: () => resumingClient(), longest: 7 })
    tell('a client that offers a session', found)
    expect(found.handshakes).toEqual([...withoutEarlyData].sort())
    expect([...found.afterwards].sort()).toEqual(['application data', 'key_update', 'new_session_ticket'])
    expect(otherAlerts(found)).toEqual([
      'bad_record_mac for a record that does not open',
      'decode_error for certificate, empty',
      'illegal_parameter for certificate with the context',
      'illegal_parameter for certificate with the context, empty',
      'illegal_parameter for certificate_request with a context',
      'illegal_parameter for compressed_certificate with the context',
      'illegal_parameter for server_hello',
      'illegal_parameter for server_hello for the retry',
      'illegal_parameter for server_hello for the retry, with the PSK',
      'illegal_parameter for server_hello with the PSK',
      'unsupported_extension for encrypted_extensions with early data',
    ])
  })

  it('has early data taken with the session alone, and never after a retry', () => {
    const found = walk({ create: () => resumingClient({ earlyData: true }), longest: 7 })
    tell('a client that offers early data', found)
    const taken = 'server_hello with the PSK > encrypted_extensions with early data > finished'
    expect(found.handshakes).toEqual([...withoutEarlyData, taken].sort())
    expect([...found.afterwards].sort()).toEqual(['application data', 'key_update', 'new_session_ticket'])
    expect(otherAlerts(found)).toContain('illegal_parameter for encrypted_extensions with early data')
    expect(otherAlerts(found)).toContain('unsupported_extension for encrypted_extensions with early data')
  })

  it('without a session knows no PSK and no compressed certificate', () => {
    const found = walk({ create: () => client(), longest: 7 })
    tell('a client', found)
    const plain = ['', 'certificate_request > '].map(request => `encrypted_extensions > ${request}${proofs[0]}`)
    const hellos = ['server_hello', 'hello_retry_request > server_hello for the retry']
    expect(found.handshakes).toEqual(hellos.flatMap(hello => plain.map(rest => `${hello} > ${rest}`)).sort())
  })
})

describe(`a server that resumes, and ${kinds.length} kinds of message`, () => {
  const resumed = ['client_hello > finished', 'client_hello that may be asked later > finished', 'client_hello with a PSK > finished']
  const retried = 'client_hello with early data, without a share'
  const passedOver = 'a record that does not open'
  /** Without keys, all that calls itself application data is passed over. */
  const afterRetry = (most: number) =>
    words([passedOver, 'application data'], most).map(between => `${retried} > ${between}client_hello with a PSK > finished`)

  it('completes exactly the legal handshakes, with early data up to its end', () => {
    const found = walk({ create: () => resumingServer(), longest: 6 })
    tell('a server that takes early data', found)
    expect(found.handshakes).toEqual(
      [
        ...resumed,
        ...repeated('application data', 3, 'client_hello with early data > * > end_of_early_data > finished'),
        ...afterRetry(3),
      ].sort(),
    )
    // The last three answer the request that the walk makes where it may.
    const answers = ['certificate with the context', 'certificate with the context, empty', 'compressed_certificate with the context']
    expect([...found.afterwards].sort()).toEqual(['application data', ...answers, 'key_update'])
  })

  it('that takes no early data passes over what does not open, and nothing else', () => {
    const found = walk({ create: () => resumingServer({ maxEarlyData: 0 }), longest: 5 })
    tell('a server that takes no early data', found)
    expect(found.handshakes).toEqual(
      [...resumed, ...repeated(passedOver, 3, 'client_hello with early data > * > finished'), ...afterRetry(2)].sort(),
    )
  })

  it('that needs a certificate resumes no session without one', () => {
    const found = walk({ create: () => resumingServer({ clientAuth: 'require' }), longest: 5 })
    tell('a server that needs a certificate', found)
    const hellos = ['client_hello', 'client_hello that may be asked later', 'client_hello with a PSK']
    expect(found.handshakes).toEqual(
      [
        ...hellos.flatMap(hello => proofs.map(proof => `${hello} > ${proof}`)),
        ...proofs.flatMap(proof => repeated(passedOver, 1, `client_hello with early data > * > ${proof}`)),
        ...proofs.map(proof => `${retried} > client_hello with a PSK > ${proof}`),
      ].sort(),
    )
    expect(otherAlerts(found)).toContain('certificate_required for certificate, empty')
  })
})

describe(`authentication after the handshake, and ${kinds.length} kinds of message`, () => {
  const prefix = ['client_hello that may be asked later', 'finished']
  const length = (sequence: string) => sequence.split(' > ').length

  it('a server takes the answer in one piece, and other messages only before it', () => {
    const longest = 5
    const found = walk({ create: () => resumingServer(), prefix, longest })
    tell('a server that asks later', found)
    const answers = [
      'certificate with the context > certificate_verify > finished',
      'compressed_certificate with the context > certificate_verify > finished',
      'certificate with the context, empty > finished',
    ]
    const legal = words(['application data', 'key_update'], longest).flatMap(before => answers.map(answer => before + answer))
    expect(found.authentications).toEqual(legal.filter(each => length(each) <= longest).sort())
    expect(otherAlerts(found)).toEqual([
      'bad_record_mac for a record that does not open',
      'illegal_parameter for certificate',
      'illegal_parameter for certificate, empty',
      'illegal_parameter for compressed_certificate',
    ])
  })

  it('a server that has not asked takes none of it', () => {
    const found = walk({ create: () => resumingServer(), prefix: ['client_hello', 'finished'], longest: 3 })
    expect(found.authentications).toEqual([])
    expect([...found.afterwards].sort()).toEqual(['application data', 'key_update'])
  })

  const connected = ['server_hello', 'encrypted_extensions', 'certificate', 'certificate_verify', 'finished']

  it('a client is asked only if it has offered that, and only with a context', () => {
    const usual = ['application data', 'key_update', 'new_session_ticket']
    const offering = walk({ create: () => client({ postHandshakeAuth: true }), prefix: connected, longest: 3 })
    expect([...offering.afterwards].sort()).toEqual([...usual, 'certificate_request with a context'].sort())
    expect(otherAlerts(offering)).toContain('illegal_parameter for certificate_request')
    const silent = walk({ create: () => client(), prefix: connected, longest: 3 })
    expect([...silent.afterwards].sort()).toEqual(usual)
  })
})
