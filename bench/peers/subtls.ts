/** subtls, by `startTls` over its own read queue on a socket. It speaks P-256 and AES-128-GCM, on WebCrypto. */
import type { Socket } from 'node:net'
import { load } from './installed.ts'
import { closeSocket, kept, type Library, openSocket, settled } from './library.ts'

type RootCertificates = Readonly<Record<'index' | 'data', unknown>>

interface Subtls {
  readonly SocketReadQueue: new (socket: Socket) => { read(bytes: number): Promise<Uint8Array | undefined> }
  readonly TrustedCert: { databaseFromPEM(pem: string): Promise<RootCertificates> }
  startTls(
    host: string,
    roots: RootCertificates,
    networkRead: (bytes: number) => Promise<Uint8Array | undefined>,
    networkWrite: (data: Uint8Array) => void,
  ): Promise<{ read(): Promise<Uint8Array | undefined>; write(data: Uint8Array): Promise<void> }>
}

/** Its handshake is done before its Finished has left: that goes with the first data. */
export async function subtls(): Promise<Library> {
  const { SocketReadQueue, TrustedCert, startTls } = await load<Subtls>('subtls', 'index.js')
  const databaseOf = kept(root => TrustedCert.databaseFromPEM(root))
  return {
    name: 'subtls (WebCrypto)',
    async connect(target) {
      const socket = await openSocket(target)
      const queue = new SocketReadQueue(socket.on('error', () => {}))
      const roots = await databaseOf(target.rootPem)
      const handshake = startTls(target.serverName, roots, queue.read.bind(queue), data => socket.write(data))
      const tls = await settled(handshake, socket)
      return {
        async ask(request, size, see) {
          await tls.write(request)
          for (let missing = size; missing > 0; ) {
            const piece = await tls.read()
            if (piece === undefined || piece.length > missing)
              throw new Error(`not ${missing} more bytes, but ${piece?.length ?? 'the end'}`)
            see(piece)
            missing -= piece.length
          }
        },
        close: () => closeSocket(socket),
      }
    },
  }
}
