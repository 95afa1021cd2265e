// Errors that nobody listens to: of a client they end the process, of a server's connection they don't.
import tls from 'node:tls'
import { files, free } from './files.mjs'

const server = tls.createServer({ key: files.serverKey, cert: files.serverCert, minVersion: 'TLSv1.3' }, socket => {
  socket.destroy(new Error('of the application'))
})

process.once('uncaughtException', error => {
  console.log('uncaught', error.code)
  free(server)
})

server.listen(0, () => {
  const { port } = server.address()
  tls.connect({ port, ca: files.ca }, function () {
    this.resume().once('close', () => tls.connect({ port, ca: [] }))
  })
})
