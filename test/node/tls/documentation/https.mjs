// HTTPS by node:http: whatever connection comes is given to its server. Two requests over one connection, then one with a body.
import http from 'node:http'
import https from 'node:https'
import tls from 'node:tls'
import { files, free } from './files.mjs'

const application = http.createServer((request, response) => {
  let body = ''
  request.on('data', chunk => (body += chunk))
  request.on('end', () => response.end(`${request.method} ${request.url} ${request.socket.encrypted} ${body}`))
})
const server = tls.createServer({ key: files.serverKey, cert: files.serverCert, minVersion: 'TLSv1.3' }, socket =>
  application.emit('connection', socket),
)

const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca: files.ca })

function ask(method, path, body, next) {
  const request = https.request({ port: server.address().port, agent, method, path }, response => {
    response.on('data', chunk => console.log(response.statusCode, String(chunk), request.reusedSocket))
    response.on('end', () => setImmediate(next))
  })
  request.end(body)
}

server.listen(0, () =>
  ask('GET', '/first', undefined, () =>
    ask('GET', '/second', undefined, () =>
      ask('POST', '/third', 'with a body', () => {
        agent.destroy()
        free(server)
      }),
    ),
  ),
)
