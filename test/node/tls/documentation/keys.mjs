// What an application takes from a connection: keys for other purposes, the log of secrets, the certificate, a smaller record size.
import tls from 'node:tls'
import { files, free } from './files.mjs'

const server = tls.createServer({ key: files.serverKey, cert: files.serverCert, minVersion: 'TLSv1.3' })
const labels = new Set()
server.on('keylog', line => labels.add(String(line).split(' ')[0]))

server.on('secureConnection', peer => {
  const material = peer.exportKeyingMaterial(128, 'client finished')
  peer.end(material)
})

server.listen(0, () => {
  const socket = tls.connect({ port: server.address().port, ca: files.ca, servername: 'localhost' }, () => {
    console.log(socket.getProtocol(), socket.getCipher(), socket.setMaxSendFragment(1024))
    console.log(socket.getPeerCertificate().subject, socket.getPeerX509Certificate().checkHost('localhost'))
  })
  const chunks = []
  socket.on('data', chunk => chunks.push(chunk))
  socket.on('end', () => {
    const mine = socket.exportKeyingMaterial(128, 'client finished')
    console.log(mine.length, Buffer.concat(chunks).equals(mine))
  })
  socket.on('close', () => {
    console.log([...labels].sort())
    free(server)
  })
})
