/** The order and form of the messages that authenticate: RFC 9846 §4.4.2, §4.5. */
import { describe } from 'vitest'
import { concat } from '../../../src/wire/bytes.ts'
import * as tls from './bytes.ts'
import { bytes, v8, v16, v24 } from './bytes.ts'
import type { ClientPeer, ServerPeer } from './peer.ts'
import { testRules } from './rules.ts'

const decodeError = { code: 'decode-error', alert: 'decode_error' } as const
const illegalValue = { code: 'illegal-value', alert: 'illegal_parameter' } as const
const unexpectedMessage = { code: 'unexpected-message', alert: 'unexpected_message' } as const
const notOffered = { code: 'signature-scheme-not-offered', alert: 'illegal_parameter' } as const
const badFinished = { code: 'bad-finished', alert: 'decrypt_error' } as const
const tooMany = { code: 'too-many-certificates', alert: 'bad_certificate' } as const

describe('the order and form of the messages, without cryptography', () => {
  const parameters = (server: ServerPeer) => server.hello().say(tls.encryptedExtensions())
  const required = { clientAuth: 'require' as const }
  const requested = { clientAuth: 'request' as const }
  const chainOf = (length: number) => v24(...Array.from({ length }, () => tls.entry()))

  testRules([
    {
      section: '4.4.1',
      rule: 'EncryptedExtensions follows ServerHello',
      client: server => server.hello().say(tls.certificate()),
      ...unexpectedMessage,
    },
    {
      section: '4.4.1',
      rule: 'EncryptedExtensions comes once',
      client: server => parameters(server).say(tls.encryptedExtensions()),
      ...unexpectedMessage,
    },
    {
      section: '4.4.2',
      rule: 'CertificateRequest comes once',
      client: server => parameters(server).say(tls.certificateRequest(), tls.certificateRequest()),
      ...unexpectedMessage,
    },
    {
      section: '4.4.2',
      rule: 'CertificateRequest precedes Certificate',
      client: server => parameters(server).say(tls.certificate(), tls.certificateRequest()),
      ...unexpectedMessage,
    },
    {
      section: '4.4.2',
      rule: 'CertificateRequest is not for servers',
      server: client => client.hello().say(tls.certificateRequest()),
      ...unexpectedMessage,
    },
    {
      section: '4.5',
      rule: 'without a PSK, a server proves itself',
      client: server => parameters(server).say(tls.finished()),
      ...unexpectedMessage,
    },
    {
      section: '4.5.2',
      rule: 'CertificateVerify follows Certificate',
      client: server => parameters(server).say(tls.certificate(), tls.finished()),
      ...unexpectedMessage,
    },
    {
      section: '4.5.2',
      rule: 'CertificateVerify does not come without Certificate',
      client: server => parameters(server).say(tls.certificateVerify()),
      ...unexpectedMessage,
    },
    {
      section: '4.5.1',
      rule: 'Certificate comes once',
      client: server => parameters(server).say(tls.certificate(), tls.certificate()),
      ...unexpectedMessage,
    },
    {
      section: '4.5.1',
      rule: 'a server’s chain is not empty',
      client: server => parameters(server).say(tls.certificate(v24())),
      code: 'certificate-missing',
      alert: 'decode_error',
    },
    {
      section: '4.5.1',
      rule: 'a server’s context is empty',
      client: server => parameters(server).say(tls.certificate(v24(tls.entry()), v8(bytes(1)))),
      ...illegalValue,
    },
    {
      section: '4.5.1',
      rule: 'a certificate is not empty',
      client: server => parameters(server).say(tls.certificate(v24(tls.entry(tls.none)))),
      ...decodeError,
    },
    {
      section: '4.5.1',
      rule: 'a chain that runs past the message is refused',
      client: server => parameters(server).say(tls.certificate(concat(tls.u24(0x100000), tls.entry()))),
      ...decodeError,
    },
    {
      section: '4.5.1',
      rule: 'a certificate that runs past the chain is refused',
      client: server => parameters(server).say(tls.certificate(v24(tls.u24(100), bytes(1)))),
      ...decodeError,
    },
    {
      section: '4.5.1',
      rule: 'an entry without extensions field is refused',
      client: server => parameters(server).say(tls.certificate(v24(tls.entry(tls.endEntity, tls.none)))),
      ...decodeError,
    },
    {
      section: '4.5.1',
      rule: 'a chain has at most 16 certificates',
      client: server => parameters(server).say(tls.certificate(chainOf(17))),
      ...tooMany,
    },
    {
      section: '4.5.1',
      rule: 'a client’s chain has at most 16 certificates',
      options: required,
      server: client => client.hello().say(tls.certificate(chainOf(17))),
      ...tooMany,
    },
    {
      section: '4.5.1',
      rule: 'a chain of 16 certificates is read',
      client: server => parameters(server).say(tls.certificate(chainOf(16)), tls.certificateVerify(), tls.finished()),
      accepted: true,
    },
    {
      section: '4.5.1',
      rule: 'a client sends no Certificate that was not asked for',
      server: client => client.hello().say(tls.certificate()),
      ...unexpectedMessage,
    },
    {
      section: '4.5.1',
      rule: 'a client sends Certificate where it was asked for',
      options: requested,
      server: client => client.hello().say(tls.finished()),
      ...unexpectedMessage,
    },
    {
      section: '4.5.1',
      rule: 'a client repeats the context of the request',
      options: requested,
      server: client => client.hello().say(tls.certificate(v24(), v8(bytes(1)))),
      ...illegalValue,
    },
    {
      section: '4.5.1',
      rule: 'a client without a certificate is refused where one is needed',
      options: required,
      server: client => client.hello().say(tls.certificate(v24())),
      code: 'certificate-required',
      alert: 'certificate_required',
    },
    {
      section: '4.5.1',
      rule: 'a client without a certificate is let in where none is needed',
      options: requested,
      server: client => client.hello().say(tls.certificate(v24()), tls.finished()),
      accepted: true,
    },
    {
      section: '4.5.2',
      rule: 'a client without a certificate has nothing to verify',
      options: requested,
      server: client => client.hello().say(tls.certificate(v24()), tls.certificateVerify()),
      ...unexpectedMessage,
    },
    {
      section: '4.5.2',
      rule: 'a client with a certificate verifies it',
      options: requested,
      server: client => client.hello().say(tls.certificate(), tls.finished()),
      ...unexpectedMessage,
    },
    ...([0x0401, 0x0201, 0x0203, 0x0804, tls.grease] as const).flatMap(scheme => {
      const name = `scheme 0x${scheme.toString(16).padStart(4, '0')} was not offered for CertificateVerify`
      return [
        {
          section: '4.5.2',
          rule: `${name} to a server`,
          client: (server: ServerPeer) => parameters(server).say(tls.certificate(), tls.certificateVerify(scheme)),
          ...notOffered,
        },
        {
          section: '4.5.2',
          rule: `${name} to a client`,
          options: required,
          server: (client: ClientPeer) => client.hello().say(tls.certificate(), tls.certificateVerify(scheme)),
          ...notOffered,
        },
      ]
    }),
    {
      section: '4.5.2',
      rule: 'bytes after the signature are refused',
      client: server => parameters(server).say(tls.certificate(), tls.certificateVerify(0x0403, concat(v16(bytes(1)), bytes(0)))),
      ...decodeError,
    },
    {
      section: '4.5.2',
      rule: 'a signature that runs past the message is refused',
      client: server => parameters(server).say(tls.certificate(), tls.certificateVerify(0x0403, tls.u16(5))),
      ...decodeError,
    },
    {
      section: '4.5.3',
      rule: 'verify_data is as long as the hash, not shorter',
      client: server => server.authenticate().say(tls.finished(tls.filled(31))),
      ...decodeError,
    },
    {
      section: '4.5.3',
      rule: 'verify_data is as long as the hash, not longer',
      server: client => client.hello().say(tls.finished(tls.filled(33))),
      ...decodeError,
    },
    {
      section: '4.5.3',
      rule: 'verify_data is not of 12 bytes, as in TLS 1.2',
      server: client => client.hello().say(tls.finished(tls.filled(12))),
      ...decodeError,
    },
    {
      section: '4.5.3',
      rule: 'verify_data is not empty',
      client: server => server.authenticate().say(tls.finished(tls.none)),
      ...decodeError,
    },
    {
      section: '4.5.3',
      rule: 'verify_data fits, or a client refuses it',
      client: server => server.authenticate().say(tls.finished(tls.filled(32, 6))),
      ...badFinished,
    },
    {
      section: '4.5.3',
      rule: 'verify_data fits, or a server refuses it',
      server: client => client.hello().say(tls.finished(tls.filled(32, 6))),
      ...badFinished,
    },
  ])
})
