// Certificates by name, from contexts and from a callback; names that are checked by the program.
import tls from 'node:tls'
import { files, free } from './files.mjs'

const server = tls.createServer({ key: files.serverKey, cert: files.serverCert, minVersion: 'TLSv1.3' }, socket => {
  console.log('server', socket.servername)
  socket.end()
})
server.addContext('*.example', { key: files.clientKey, cert: files.clientCert })

function come(servername, next) {
  const socket = tls.connect({
    port: server.address().port,
    servername,
    ca: files.ca,
    checkServerIdentity(name, certificate) {
      const error = tls.checkServerIdentity(name, certificate)
      console.log('client', name, error?.code, error?.reason)
      return undefined
    },
  })
  socket.on('error', error => console.log('client', error.code))
  socket.resume().on('close', next)
}

server.listen(0, () => come('localhost', () => come('client.example', () => come('elsewhere', () => free(server)))))
