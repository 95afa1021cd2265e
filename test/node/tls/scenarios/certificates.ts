/** Who is believed: what each end says of the other's certificate, and what it looks like. */
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mintAuthority, mintSelfSigned } from '../../../../src/testing/certificates.ts'
import { authority, filesOf, pkcs12 } from '../face.ts'
import {
  attempt,
  ca,
  clientFiles,
  closed,
  dial,
  fault,
  meet,
  otherFiles,
  type Pair,
  type Scenario,
  serve,
  serverFiles,
  settled,
  snapshot,
  watch,
} from './stage.ts'

const intermediate = await authority.issueAuthority()
const below = filesOf(await intermediate.issue({ names: ['localhost'] }))
const stranger = await mintAuthority({ name: 'Somebody else' })
const selfSigned = filesOf(await mintSelfSigned({ names: ['localhost'] }))
const day = 86_400_000
const expired = filesOf(
  await authority.issue({ names: ['localhost'], notBefore: new Date(Date.now() - 9 * day), notAfter: new Date(Date.now() - day) }),
)
const early = filesOf(
  await authority.issue({ names: ['localhost'], notBefore: new Date(Date.now() + day), notAfter: new Date(Date.now() + 9 * day) }),
)
const forClients = filesOf(await authority.issue({ names: ['localhost'], purposes: ['client'] }))
const nameless = filesOf(await authority.issue({ subject: { CN: 'localhost' } }))
const rsaAuthority = await mintAuthority({ key: 'RSA-2048' })
const rsa = filesOf(await rsaAuthority.issue({ names: ['localhost'], key: 'RSA-2048' }))
const curve = filesOf(await rsaAuthority.issue({ names: ['localhost'] }))
const revokedCertificate = await authority.issue({ names: ['localhost'] })
const crl = await authority.crl({ revoked: [revokedCertificate] })

/** What a client makes of a server with these files, strictly and leniently. */
async function judged({ client, server }: Pair, files: object, options: object = {}) {
  const { port } = await serve(server, files)
  const strict = dial(client, port, options)
  const outcome = await once(strict, 'secureConnect').then(
    () => ({ authorized: strict.authorized, authorizationError: strict.authorizationError }),
    (error: Error) => ({ ...fault(error), message: error.message }),
  )
  strict.destroy()
  const lenient = dial(client, port, { ...options, rejectUnauthorized: false })
  await once(lenient, 'secureConnect')
  const { authorized, authorizationError } = lenient
  lenient.destroy()
  return {
    outcome,
    lenient: { authorized, authorizationError: authorizationError instanceof Error ? fault(authorizationError) : authorizationError },
  }
}

/** How a client fares at a server that wants a certificate, as either end sees it. */
async function admitted({ client, server }: Pair, options: { client?: object; server: object }) {
  const { server: listener, port } = await serve(server, { requestCert: true, ca, ...options.server })
  const told: unknown[] = []
  listener.on('secureConnection', peer => {
    const { authorized, authorizationError } = peer
    told.push({ authorized, authorizationError, subject: peer.getPeerCertificate().subjectaltname ?? null })
    peer.end('welcome')
  })
  listener.on('tlsClientError', error => told.push(fault(error)))
  const socket = dial(client, port, options.client)
  let text = ''
  socket.on('data', chunk => (text += chunk))
  await closed(socket)
  await settled()
  return { text, told }
}

/** The certificate as far as it can be compared, with its issuers up to one that is its own. */
function shape(certificate: object, depth = 0): unknown {
  return Object.fromEntries(
    Object.entries(certificate).map(([name, value]) => {
      if (name !== 'issuerCertificate') return [name, Buffer.isBuffer(value) ? value.toString('hex') : value]
      return [name, value === certificate || depth > 5 ? 'itself' : shape(value, depth + 1)]
    }),
  )
}

function reasonOf(act: () => unknown): string {
  try {
    return String(act())
  } catch (error) {
    return String(error)
  }
}

export const certificates: readonly Scenario[] = [
  { title: 'A certificate of an authority in ca is believed', play: pair => judged(pair, serverFiles) },
  {
    title: 'A certificate of an unknown authority has the code of where its line ends',
    async play(pair) {
      return [
        await judged(pair, serverFiles, { ca: [] }),
        await judged(pair, serverFiles, { ca: stranger.certificatePem }),
        await judged(pair, { ...serverFiles, cert: serverFiles.cert + ca }, { ca: [] }),
        await judged(pair, below, {}),
        await judged(pair, { ...below, cert: below.cert + intermediate.certificatePem }, { ca: [] }),
        await judged(pair, { ...below, cert: below.cert + intermediate.certificatePem }),
      ]
    },
  },
  {
    title: 'A self-signed certificate is DEPTH_ZERO_SELF_SIGNED_CERT, unless it is in ca itself',
    async play(pair) {
      return [await judged(pair, selfSigned), await judged(pair, selfSigned, { ca: selfSigned.cert })]
    },
  },
  {
    title: 'Certificates out of their time, or for another purpose, have codes of their own',
    async play(pair) {
      return [await judged(pair, expired), await judged(pair, early), await judged(pair, forClients)]
    },
  },
  {
    title: 'A revoked certificate is CERT_REVOKED where crl names it',
    async play(pair) {
      const pem = crl.crlPem
      return [await judged(pair, filesOf(revokedCertificate), { crl: pem }), await judged(pair, serverFiles, { crl: pem })]
    },
  },
  {
    title: 'A certificate for another name is ERR_TLS_CERT_ALTNAME_INVALID, with reason, host and cert',
    subject: 'client',
    async play({ client, server }) {
      const outcomes = []
      for (const options of [
        { servername: 'not.here' },
        { servername: undefined, host: '127.0.0.1' },
        { servername: '', host: '127.0.0.1' },
      ]) {
        const { port } = await serve(server, otherFiles)
        const [error] = await once(dial(client, port, options as object), 'error').catch(given => [given])
        const { reason, host, cert, message } = error as Error & Record<string, unknown>
        outcomes.push({ ...fault(error), reason, host, message, cert: attempt(() => (cert as { subjectaltname: string }).subjectaltname) })
      }
      return outcomes
    },
  },
  {
    title: 'A certificate without alternative names is taken by its common name',
    play: pair => judged(pair, nameless),
  },
  {
    title: 'checkServerIdentity is asked with the name and the certificate, its error counts, and a bad chain is never put to it',
    subject: 'client',
    async play({ client, server }) {
      const asked: unknown[] = []
      const asking = (answer: Error | undefined) => ({
        checkServerIdentity: (name: string, cert: { subjectaltname: string; issuerCertificate?: object }) => {
          asked.push([name, cert.subjectaltname, cert.issuerCertificate !== undefined])
          return answer
        },
      })
      const own = Object.assign(new Error('not to my taste'), { code: 'E_TASTE' })
      const outcomes = [
        await judged({ client, server }, otherFiles, asking(undefined)),
        await judged({ client, server }, serverFiles, asking(own)),
        await judged({ client, server }, serverFiles, { ...asking(undefined), ca: [] }),
        await judged({ client, server }, serverFiles, { ...asking(undefined), servername: undefined, host: '127.0.0.1' }),
      ]
      return { outcomes, asked }
    },
  },
  {
    title: 'rejectUnauthorized false goes on, and says what is wrong',
    async play(pair) {
      const { client, peer } = await meet(pair, { client: { ca: [], rejectUnauthorized: false } })
      peer.end('nevertheless')
      const [chunk] = await once(client, 'data')
      return { ...snapshot(client, ['authorized', 'authorizationError']), text: String(chunk) }
    },
  },
  {
    title: 'A client with a certificate that is believed is authorized, in any form that its files may have',
    async play(pair) {
      return [
        await admitted(pair, { client: clientFiles, server: {} }),
        await admitted(pair, { client: { cert: [Buffer.from(clientFiles.cert)], key: [{ pem: clientFiles.key }] }, server: {} }),
        await admitted(pair, { client: clientFiles, server: { rejectUnauthorized: false } }),
      ]
    },
  },
  {
    title: 'A client without a certificate, where one is optional, comes in without being authorized',
    play: pair => admitted(pair, { server: { rejectUnauthorized: false } }),
  },
  {
    title: 'A client whose certificate is not believed, where that is tolerated, comes in with the reason',
    async play(pair) {
      return [
        await admitted(pair, { client: clientFiles, server: { rejectUnauthorized: false, ca: stranger.certificatePem } }),
        await admitted(pair, { client: { cert: selfSigned.cert, key: selfSigned.key }, server: { rejectUnauthorized: false } }),
      ]
    },
  },
  {
    title: 'A client without a certificate, where one is required, is refused and the server knows why',
    play: pair => admitted(pair, { server: {} }),
  },
  {
    title: 'A client whose certificate is not believed, where one is required, is refused and the server knows why',
    play: pair => admitted(pair, { client: { cert: selfSigned.cert, key: selfSigned.key }, server: {} }),
  },
  {
    title: 'What a server hears of a client that does not believe it',
    async play({ client, server }) {
      const { server: listener, port } = await serve(server)
      const told = watch(listener, ['secureConnection', 'tlsClientError'])
      const socket = dial(client, port, { ca: [] })
      await closed(socket)
      await settled()
      return { told }
    },
  },
  {
    title: 'getPeerCertificate has the same fields for keys on curves and for RSA, and its issuers if they are asked for',
    async play(pair) {
      const outcomes = []
      for (const files of [serverFiles, rsa, { ...below, cert: below.cert + intermediate.certificatePem }]) {
        const { client, peer } = await meet(pair, { server: files, client: { ca: [ca, rsaAuthority.certificatePem] } })
        outcomes.push({
          brief: shape(client.getPeerCertificate()),
          whole: shape(client.getPeerCertificate(true)),
          own: shape(peer.getCertificate() as object),
          none: [client.getCertificate(), peer.getPeerCertificate(), peer.getPeerCertificate(true)],
        })
      }
      return outcomes
    },
  },
  {
    title: 'getPeerX509Certificate and getX509Certificate are X509Certificates of the right ones',
    async play(pair) {
      const { client, peer } = await meet(pair, { server: { requestCert: true, ca }, client: clientFiles })
      const print = (certificate: X509Certificate | undefined) =>
        certificate && [
          certificate instanceof X509Certificate,
          certificate.fingerprint256,
          certificate.issuerCertificate?.fingerprint256 ?? null,
        ]
      return [client, peer].map(each => [print(each.getPeerX509Certificate()), print(each.getX509Certificate())])
    },
  },
  {
    title: 'A server proves itself with what a PKCS#12 file holds, and with a key under a passphrase',
    async play(pair) {
      const files = { cert: undefined, key: undefined, pfx: pkcs12(), passphrase: 'secret' }
      return [await judged(pair, files), reasonOf(() => pair.server.createSecureContext({ pfx: pkcs12(), passphrase: 'wrong' }))]
    },
  },
  {
    title: 'A server with two certificates shows the one whose key the client can verify',
    async play(pair) {
      const both = { cert: [curve.cert, rsa.cert], key: [rsa.key, curve.key] }
      const kinds = []
      for (const sigalgs of ['ECDSA+SHA256:RSA+SHA256', 'RSA-PSS+SHA256:RSA+SHA256']) {
        const { client } = await meet(pair, { server: both, client: { sigalgs, ca: rsaAuthority.certificatePem } })
        kinds.push(client.getPeerCertificate().bits)
      }
      return kinds
    },
  },
  {
    title: 'checkServerIdentity decides by name, wildcard and address as Node does',
    subject: 'one',
    play({ client }) {
      const cases: [string, object][] = [
        ['a.com', { subject: { CN: 'a.com' } }],
        ['a.com', { subject: { CN: 'b.com' } }],
        ['a.com', { subject: { CN: 'a.com' }, subjectaltname: 'DNS:b.com' }],
        ['a.com', { subject: {}, subjectaltname: 'DNS:A.COM' }],
        ['b.a.com', { subject: {}, subjectaltname: 'DNS:*.a.com' }],
        ['c.b.a.com', { subject: {}, subjectaltname: 'DNS:*.a.com' }],
        ['a.com', { subject: {}, subjectaltname: 'DNS:*.com' }],
        ['foo.a.com', { subject: {}, subjectaltname: 'DNS:f*.a.com' }],
        ['bar.a.com', { subject: {}, subjectaltname: 'DNS:f*.a.com' }],
        ['xn--foo.a.com', { subject: {}, subjectaltname: 'DNS:xn--*.a.com' }],
        ['a.com.', { subject: {}, subjectaltname: 'DNS:a.com' }],
        ['a.com', { subject: { CN: ['x', 'a.com'] } }],
        ['a.com', { subject: {} }],
        ['a.com', { subject: { CN: '' } }],
        ['1.2.3.4', { subject: { CN: '1.2.3.4' } }],
        ['1.2.3.4', { subject: {}, subjectaltname: 'IP Address:1.2.3.4' }],
        ['1.2.3.4', { subject: {}, subjectaltname: 'IP Address:1.2.3.5, DNS:1.2.3.4' }],
        ['::1', { subject: {}, subjectaltname: 'IP Address:0:0:0:0:0:0:0:1' }],
        ['a.com', { subject: {}, subjectaltname: 'URI:http://a.com/' }],
        ['a.com', { subject: { CN: 'a.com' }, subjectaltname: 'URI:http://b.com/' }],
        ['a.com', { subject: { CN: 'a.com' }, subjectaltname: 'email:a@a.com' }],
        ['a.com', { subject: {}, subjectaltname: 'DNS:"a.com, DNS:b.com"' }],
        ['b.com', { subject: {}, subjectaltname: 'DNS:"a.com, DNS:b.com"' }],
        ['', { subject: { CN: 'a.com' } }],
        ['a.com', {}],
      ]
      return cases.map(([name, cert]) => {
        const given = attempt(() => {
          const error = client.checkServerIdentity(name, cert as never) as (Error & Record<string, unknown>) | undefined
          return error && [error.code, error.reason, error.host, error.message, error.cert === cert]
        })
        return [name, JSON.stringify(cert), given]
      })
    },
  },
]
