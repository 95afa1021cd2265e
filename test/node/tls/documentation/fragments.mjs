// Runs pieces of Node's documentation (the file of the second argument) that assume a server, a socket and files to be there.
import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import { files, free } from './files.mjs'

const blocks = [...readFileSync(process.argv[3], 'utf8').matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code)
const piece = text => blocks.find(code => code.includes(text))
const run = (code, names) => new Function(...Object.keys(names), code)(...Object.values(names))

const server = tls.createServer({ key: files.serverKey, cert: files.serverCert, minVersion: 'TLSv1.3' }, socket => socket.end('hello'))
run(piece('tlsSessionStore'), { server })

server.listen(0, () => {
  const { port } = server.address()
  const reconnecting = {
    ...tls,
    connect({ session }) {
      const second = tls.connect({ port, ca: files.ca, session }, () => console.log('reused', second.isSessionReused()))
      second.resume().once('close', () => free(server))
    },
  }
  const tlsSocket = tls.connect({ port, ca: files.ca }, () => {
    run(`${piece("'client finished'")}\nconsole.log(keyingMaterial.length)`, { tlsSocket, console })
  })
  run(piece("tlsSocket.once('session'"), { tls: reconnecting, tlsSocket })
  tlsSocket.resume()
})
