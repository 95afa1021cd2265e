// TLS over a stream that is there already: a secure pair whose encrypted side is piped to a socket, and what has replaced it.
import net from 'node:net'
import tls from 'node:tls'
import { files, free } from './files.mjs'

const context = tls.createSecureContext({ key: files.serverKey, cert: files.serverCert, minVersion: 'TLSv1.3' })

let connections = 0
const server = net.createServer(socket => {
  if (connections++ === 0) {
    const pair = tls.createSecurePair(context, true, false, false)
    pair.encrypted.pipe(socket)
    socket.pipe(pair.encrypted)
    pair.on('secure', () => pair.cleartext.write('by a pair'))
  } else {
    const secure = new tls.TLSSocket(socket, { isServer: true, secureContext: context })
    secure.write('by a TLSSocket')
  }
})

function come(next) {
  const socket = tls.connect({ port: server.address().port, ca: files.ca, servername: 'localhost' }, () => console.log(socket.authorized))
  socket.on('data', data => {
    console.log(String(data))
    socket.destroy()
  })
  socket.on('close', next)
}

server.listen(0, () => come(() => come(() => free(server))))
