// Pre-shared keys in the place of certificates.
import tls from 'node:tls'
import { free } from './files.mjs'

const keys = { 'a device': Buffer.from('d731ef57be09e5204f0b205b60627028', 'hex') }
const ciphers = 'TLS_AES_128_GCM_SHA256'

const server = tls.createServer({ ciphers, minVersion: 'TLSv1.3', pskCallback: (_socket, identity) => keys[identity] }, socket => {
  console.log('server connected')
  socket.end('by a shared key')
})

server.listen(0, () => {
  const socket = tls.connect({
    port: server.address().port,
    ciphers,
    minVersion: 'TLSv1.3',
    checkServerIdentity: () => undefined,
    pskCallback: () => ({ identity: 'a device', psk: keys['a device'] }),
  })
  socket.on('secureConnect', () => console.log('client', socket.getCipher(), socket.isSessionReused(), socket.getPeerCertificate()))
  socket.on('data', data => console.log(String(data)))
  socket.on('close', () => free(server))
})
