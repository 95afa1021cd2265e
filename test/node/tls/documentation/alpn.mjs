// A server that chooses protocol and certificate in ALPNCallback.
import tls from 'node:tls'
import { files, free } from './files.mjs'

const server = tls.createServer(
  {
    key: files.serverKey,
    cert: files.serverCert,
    minVersion: 'TLSv1.3',
    ALPNCallback({ servername, protocols }) {
      console.log('asked', servername, protocols)
      if (protocols.includes('secret')) this.setKeyCert({ key: files.clientKey, cert: files.clientCert })
      return protocols.find(name => name === 'h2' || name === 'secret')
    },
  },
  socket => socket.end(socket.alpnProtocol),
)
server.on('tlsClientError', error => console.log('server', error.code))

function come(protocols, next) {
  const options = { port: server.address().port, servername: 'localhost', ALPNProtocols: protocols, rejectUnauthorized: false }
  const socket = tls.connect(options, () => console.log('client', socket.alpnProtocol, socket.getPeerCertificate().subject))
  socket.on('error', error => console.log('client', error.code))
  socket.resume().on('close', next)
}

server.listen(0, () => come(['http/1.1', 'h2'], () => come(['secret'], () => come(['other'], () => free(server)))))
