import { describe, expect, it } from 'vitest'
import { fingerprint } from '../../src/stream/ja4.ts'
import { fromText } from '../../src/wire/bytes.ts'
import { type Extension, extension } from '../../src/wire/extensions.ts'
import { encodeMessage } from '../../src/wire/messages.ts'

type Extensions = readonly Extension<'client_hello'>[]

const hello = (cipher_suites: readonly number[], extensions: Extensions): Uint8Array =>
  encodeMessage('client_hello', {
    legacy_version: 0x0303,
    random: new Uint8Array(32),
    legacy_session_id: new Uint8Array(0),
    cipher_suites,
    legacy_compression_methods: [0],
    extensions,
  }).bytes

const name = extension('client_hello', 'server_name', [{ name_type: 0, host_name: fromText('example.com') }])
const protocols = (...names: string[]) => extension('client_hello', 'application_layer_protocol_negotiation', names.map(fromText))
const schemes = extension('client_hello', 'signature_algorithms', [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601])
const empty = (type: number): Extension<'client_hello'> => ({ name: undefined, type, value: new Uint8Array(0) })

/** The hello that FoxIO's technical details take as their example; the order is not part of the name. */
const suites = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035]
const extensions: Extensions = [
  name,
  protocols('h2', 'http/1.1'),
  schemes,
  extension('client_hello', 'supported_versions', [0x0304, 0x0303]),
  extension('client_hello', 'supported_groups', [0x001d, 0x0017]),
  extension('client_hello', 'psk_key_exchange_modes', [1]),
  extension('client_hello', 'key_share', []),
  extension('client_hello', 'compress_certificate', [2]),
  extension('client_hello', 'status_request', Uint8Array.of(1, 0, 0, 0, 0)),
  extension('client_hello', 'signed_certificate_timestamp', new Uint8Array(0)),
  extension('client_hello', 'padding', new Uint8Array(3)),
  ...[0x000b, 0x0017, 0x0023, 0x4469, 0xff01].map(empty),
]

describe('The fingerprint of a hello', () => {
  it('is the published one for the published example', () => {
    expect(fingerprint(hello(suites, extensions))).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1')
  })

  it('does not depend on order, nor on reserved values', () => {
    const versions = extension('client_hello', 'supported_versions', [0x2a2a, 0x0304, 0x0303])
    const changed = [
      empty(0x1a1a),
      ...extensions.map(each => (each.name === 'supported_versions' ? versions : each)).toReversed(),
      empty(0xfafa),
    ]
    expect(fingerprint(hello([0x0a0a, ...suites.toReversed()], changed))).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1')
  })

  it('tells the version, the missing name, and what protocol is first', () => {
    const head = (list: Extensions) => fingerprint(hello([0x1301], list)).split('_')[0]
    expect(head([])).toBe('t12i010000')
    expect(head([name, protocols('http/1.1')])).toBe('t12d0102h1')
    expect(head([protocols('x')])).toBe('t12i0101xx')
    expect(head([protocols('\u00abx')])).toBe('t12i0101a8')
  })

  it('has no hash of what is not there, and no schemes where none are named', () => {
    expect(fingerprint(hello([0x0a0a], [name])).slice(-25)).toBe('000000000000_000000000000')
    const without = fingerprint(
      hello(
        suites,
        extensions.filter(each => each !== schemes),
      ),
    )
    expect(without).toMatch(/^t13d1515h2_8daaf6152771_(?!e5627efa2ab1)[0-9a-f]{12}$/)
  })
})
