// A server that echoes what clients with certificates say, and such a client.
import tls from 'node:tls'
import { files, free } from './files.mjs'

const options = { key: files.serverKey, cert: files.serverCert, requestCert: true, ca: [files.ca] }

const server = tls.createServer(options, socket => {
  console.log('server connected', socket.authorized ? 'authorized' : 'unauthorized')
  socket.write('welcome!\n')
  socket.setEncoding('utf8')
  socket.pipe(socket)
})

server.listen(0, () => {
  console.log('server bound')
  const { port } = server.address()
  const socket = tls.connect(port, { key: files.clientKey, cert: files.clientCert, ca: [files.ca] }, () => {
    console.log('client connected', socket.authorized ? 'authorized' : 'unauthorized')
    socket.end('hello\n')
  })
  let text = ''
  socket.setEncoding('utf8')
  socket.on('data', data => (text += data))
  socket.on('end', () => {
    console.log(text)
    console.log('server ends connection')
  })
  socket.on('close', () => free(server))
})
