// Sessions that the server keeps in a store of its own, and a client that comes back with one.
import tls from 'node:tls'
import { files, free } from './files.mjs'

const server = tls.createServer({ key: files.serverKey, cert: files.serverCert, minVersion: 'TLSv1.3' }, socket => socket.end('hello'))

const store = {}
server.on('newSession', (id, data, done) => {
  store[id.toString('hex')] = data
  done()
})
server.on('resumeSession', (id, done) => {
  done(null, store[id.toString('hex')] || null)
})

server.listen(0, () => {
  const options = { port: server.address().port, ca: files.ca }
  const first = tls.connect(options)
  first.once('session', session => {
    console.log('first connection', first.isSessionReused())
    first.once('close', () => {
      const second = tls.connect({ ...options, session }, () => {
        console.log('second connection', second.isSessionReused(), second.authorized)
        second.resume().once('close', () => free(server))
      })
    })
  })
  first.resume()
})
