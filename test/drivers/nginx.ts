/** nginx on TLS 1.3: HTTP/1.1 and HTTP/2, client certificates, and WebSockets by way of a proxy. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pattern } from '../node/pair.ts'
import { certificates, scratch } from './scratch.ts'
import { findServer, type Server, startServer } from './server.ts'

export const nginx = findServer('nginx')

/** The file `/large`: 8 MiB of text in which no two places are alike for long. */
export const large = pattern(2 ** 22).toString('hex')

/**
 * What it serves: `/tls`, in its own words what was agreed; `/private`, the subject of the client's certificate, for clients that have
 * one; `/large`; and `/echo`, what listens on `upstream`.
 */
export async function startNginx({ upstream = 9 }: { upstream?: number } = {}): Promise<Server> {
  const { ca, server } = await certificates()
  const folder = scratch('nginx')
  const file = join(folder, 'nginx.conf')
  writeFileSync(join(folder, 'large'), large)
  return startServer(nginx, port => {
    writeFileSync(file, configuration({ port, upstream, folder, ca, ...server }))
    return ['-e', 'stderr', '-p', folder, '-c', file]
  })
}

function configuration(names: { port: number; upstream: number; folder: string; ca: string; cert: string; key: string }): string {
  const { port, upstream, folder, ca, cert, key } = names
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${folder}/${name};`)
  return `
daemon off;
# One process, of the user who runs the tests.
master_process off;
pid ${folder}/pid;
error_log stderr;
events {}
http {
  access_log off;
  default_type text/plain;
  ${temporary.join(' ')}
  server {
    listen 127.0.0.1:${port} ssl http2;
    root ${folder};
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    ssl_protocols TLSv1.3;
    ssl_client_certificate ${ca};
    ssl_verify_client optional;
    location = /tls { return 200 "$ssl_protocol $ssl_cipher $server_protocol"; }
    location = /private {
      if ($ssl_client_verify != SUCCESS) { return 403 "$ssl_client_verify"; }
      return 200 "$ssl_client_s_dn";
    }
    location /echo {
      proxy_pass http://127.0.0.1:${upstream};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
    }
  }
}
`
}
