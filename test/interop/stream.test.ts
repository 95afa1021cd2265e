/** The stream face against Node's own TLS and OpenSSL's programs, over TCP. */
import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket as NodeTls, type TLSSocket, connect as tlsConnect, createServer as tlsServer } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { byteStreams } from '../../src/node/index.ts'
import { acceptTls, ClientConnection, ServerConnection, startTls } from '../../src/stream/index.ts'
import { encodePem } from '../../src/x509/index.ts'
import {
  authority,
  bytes,
  clientCertificate,
  clientIdentity,
  crypto,
  outcome,
  say,
  serverCertificate,
  serverIdentity,
  stranger,
  textOf,
  trust,
} from '../stream/sides.ts'
import { describeWith, findProgram, start } from './child.ts'
import { clientArguments } from './openssl.ts'

const pem = (label: string, der: Uint8Array) => encodePem(label, der)
const ca = pem('CERTIFICATE', authority.certificateDer)
const theirs = (issued: typeof serverCertificate) => ({
  cert: pem('CERTIFICATE', issued.certificateDer),
  key: pem('PRIVATE KEY', issued.privateKeyPkcs8),
  ca,
  minVersion: 'TLSv1.3' as const,
})

const open = new Set<{ close(): unknown } | Socket>()
afterEach(() => {
  for (const each of open) 'destroy' in each ? each.destroy() : each.close()
  open.clear()
})

async function listening<S extends ReturnType<typeof createTcpServer>>(server: S): Promise<number> {
  open.add(server.listen(0, '127.0.0.1'))
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function dial(port: number): Socket {
  const socket = connectTcp({ port, host: '127.0.0.1', allowHalfOpen: true })
  open.add(socket)
  return socket
}

describe("A client's handshake with Node's server", () => {
  it('shows the server, answers its request, and carries data until both have ended', async () => {
    const server = tlsServer({ ...theirs(serverCertificate), requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['echo'] })
    const [port, accepted] = [await listening(server), once(server, 'secureConnection') as Promise<[TLSSocket]>]
    const connection = new ClientConnection(byteStreams(dial(port)), { crypto, trust })
    const handshake = connection.connect('localhost')
    handshake.configureAlpnIds(['echo'])
    expect((await handshake.verifyServerIdentity()).exportX509Chain()[0]).toEqual(serverCertificate.certificateDer)
    const request = await handshake.receiveClientIdentityRequest()
    expect(request?.authorities.length).toBe(1)
    request?.respond([clientIdentity])
    const streams = await handshake.finish()
    const [socket] = await accepted
    expect([socket.authorized, socket.alpnProtocol, connection.alpnId]).toEqual([true, 'echo', 'echo'])
    expect(new Uint8Array(socket.getPeerCertificate().raw)).toEqual(clientCertificate.certificateDer)
    socket.pipe(socket)
    const [answer] = await Promise.all([textOf(streams), say(streams, 'there and back')])
    expect(answer).toBe('there and back')
  })

  it('refuses a server that it does not believe, with the alert for it', async () => {
    const server = tlsServer(theirs(serverCertificate))
    const [port, failed] = [await listening(server), once(server, 'tlsClientError') as Promise<[Error & { code: string }]>]
    const handshake = new ClientConnection(byteStreams(dial(port)), { crypto, trust: stranger }).connect('localhost')
    expect(await outcome(handshake.finish())).toMatchObject({ code: 'issuer-unknown' })
    expect((await failed)[0].code).toBe('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA')
  })

  it('fails by name where nobody listens', async () => {
    const server = createTcpServer()
    const port = await listening(server)
    server.close()
    await once(server, 'close')
    const handshake = new ClientConnection(byteStreams(dial(port)), { crypto, trust }).connect('localhost')
    expect(await outcome(handshake.finish())).toMatchObject({ name: 'TransportError', code: 'ECONNREFUSED' })
  })

  it('begins in the middle of a conversation', async () => {
    const server = createTcpServer(socket => {
      open.add(socket)
      socket.once('data', () => {
        socket.write('220 go ahead\r\n')
        const secureContext = createSecureContext(theirs(serverCertificate))
        const secure = new NodeTls(socket, { isServer: true, secureContext })
        secure.on('data', data => secure.end(`heard ${data}`))
      })
    })
    const streams = byteStreams(dial(await listening(server)))
    const [reader, writer] = [streams.readable.getReader(), streams.writable.getWriter()]
    await writer.write(bytes('STARTTLS\r\n'))
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('220 go ahead\r\n')
    reader.releaseLock()
    writer.releaseLock()
    const { connection, ...secure } = await startTls(streams, { serverName: 'localhost', crypto, trust })
    expect(connection.protocolVersion).toBe('TLSv1.3')
    const [answer] = await Promise.all([textOf(secure), say(secure, 'EHLO')])
    expect(answer).toBe('heard EHLO')
  })
})

describe("A server's handshake with Node's client", () => {
  it('sees the hello, asks who is there, and carries data', async () => {
    const listener = createTcpServer({ allowHalfOpen: true })
    const [port, connected] = [await listening(listener), once(listener, 'connection') as Promise<[Socket]>]
    const client = tlsConnect({
      ...theirs(clientCertificate),
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      ALPNProtocols: ['one', 'two'],
    })
    open.add(client)
    const secured = once(client, 'secureConnect')
    const [socket] = await connected
    open.add(socket)
    const connection = new ServerConnection(byteStreams(socket), { crypto, trust })
    const handshake = connection.accept()
    const hello = await handshake.receiveClientHello()
    expect(hello).toMatchObject({ serverName: 'localhost', alpnIds: ['one', 'two'] })
    handshake.configureServerIdentities([serverIdentity])
    handshake.configureAlpnIds(['two'])
    // Node sends the authority's certificate too.
    const identity = await handshake.requestClientIdentity({ required: true })
    expect(identity?.exportX509Chain()[0]).toEqual(clientCertificate.certificateDer)
    const streams = await handshake.finish()
    await secured
    expect([client.authorized, client.alpnProtocol, client.getProtocol()]).toEqual([true, 'two', 'TLSv1.3'])
    client.end('from the client')
    const [heard] = await Promise.all([textOf(streams), say(streams, 'from the server')])
    expect(heard).toBe('from the client')
    expect(String((await once(client, 'data'))[0])).toBe('from the server')
  })
})

const openssl = findProgram({ name: 'openssl', command: ['openssl'], probe: ['version'], hint: 'install OpenSSL' })

describeWith(openssl, 'With OpenSSL', () => {
  it('acceptTls serves its client, whose hello came together with the plain command', async () => {
    const listener = createTcpServer({ allowHalfOpen: true })
    const [port, connected] = [await listening(listener), once(listener, 'connection') as Promise<[Socket]>]
    const child = start(openssl, clientArguments(port, {}))
    const [socket] = await connected
    open.add(socket)
    const streams = byteStreams(socket)
    const reader = streams.readable.getReader()
    const { value } = await reader.read()
    reader.releaseLock()
    const secure = await acceptTls(streams, { crypto, identity: serverIdentity, received: value ? [value] : [] })
    child.stdin.end('a line\n')
    const [heard] = await Promise.all([textOf(secure), say(secure, 'an answer\n')])
    expect(heard).toBe('a line\n')
    expect(String(await child.stdout.rest())).toBe('an answer\n')
  })
})
