/** GnuTLS's programs: `gnutls-serv` sends back text, `gnutls-cli` has standard input and output for its data. */
import { type Child, listeningPort, type Program, start } from './child.ts'
import { allKeys, authority } from './credentials.ts'
import type { Inbox } from './inbox.ts'
import { type Agreed, classicGroups, type Peer, type PeerOptions } from './peer.ts'

export function gnutls(programs: { server: Program; client: Program }): Peer {
  return {
    groups: classicGroups,
    keys: allKeys,
    server: {
      echoes: true,
      neverEnds: true,
      disbelieves: 'access_denied',
      refusesVersion: 'handshake_failure',
      async start(options) {
        const child = start(programs.server, await serverArguments(options))
        const port = await listeningPort(child)
        return { port, ...common(child, child.stdout), send: echoesOnly, end: echoesOnly }
      },
    },
    client: {
      disbelieves: 'bad_certificate',
      leavesSilently: true,
      // It makes a system call for each byte that it writes.
      atMost: 2 ** 18,
      hearsAfterEnd: true,
      async start(port, options) {
        const child = start(programs.client, clientArguments(port, options), { preamble: /- Simple Client Mode:\n\n/ })
        return {
          ...common(child, child.stdout),
          send: data => void child.stdin.write(data),
          end: () => void child.stdin.end(),
          closed: child.ended.then(code => code === 0),
        }
      },
    },
  }
}

export async function serverArguments(options: PeerOptions): Promise<string[]> {
  const { certFile, keyFile } = options.credential ?? (await (await authority()).issue('P-256'))
  const args = ['--echo', '--port', '0', '--x509certfile', certFile, '--x509keyfile', keyFile, '--priority', priority(options)]
  if (options.ca !== undefined) args.push('--require-client-cert', '--verify-client-cert', '--x509cafile', options.ca)
  for (const protocol of options.alpn ?? []) args.push('--alpn-fatal', '--alpn', protocol)
  return args
}

export function clientArguments(port: number, options: PeerOptions): string[] {
  const args = ['127.0.0.1', '--port', String(port), '--sni-hostname', 'localhost', '--single-key-share', '--priority', priority(options)]
  const { ca, credential } = options
  args.push(...(ca === undefined ? ['--insecure'] : ['--x509cafile', ca, '--verify-hostname', 'localhost']))
  if (credential !== undefined) args.push('--x509certfile', credential.certFile, '--x509keyfile', credential.keyFile)
  for (const protocol of options.alpn ?? []) args.push('--alpn', protocol)
  return args
}

/** GnuTLS's language for what may be negotiated. */
function priority({ version, suites, groups }: PeerOptions): string {
  const only = (kind: string, names: readonly string[] | undefined) => (names ? [`-${kind}-ALL`, ...names.map(name => `+${name}`)] : [])
  const ciphers = suites?.map(suite => suite.replace(/^TLS_|_SHA\d+$/g, '').replaceAll('_', '-'))
  return [
    'NORMAL',
    ...only('VERS', [version === undefined ? 'VERS-TLS1.3' : 'VERS-TLS1.2']),
    ...only('CIPHER', ciphers),
    ...only(
      'GROUP',
      groups?.map(group => `GROUP-${group.toUpperCase()}`),
    ),
  ].join(':')
}

function common(child: Child, inbox: Inbox) {
  return {
    inbox,
    kill: () => void child.process.kill('SIGKILL'),
    agreed: () => agreed(child),
    alert: async () => Number((await child.stdout.said(/Received alert (?:'|\[)(\d+)/))[1]),
  }
}

function echoesOnly(): never {
  throw new Error('gnutls-serv sends back what it gets, and nothing of its own')
}

async function agreed({ stdout }: Child): Promise<Agreed> {
  const [, group, cipher] = await stdout.said(/^- Description: \(TLS1.3-X.509\)-\(ECDHE-(\S+?)\)-\(\S+\)-\((\S+)\)\n/m)
  await stdout.said(/^- (?:Handshake was completed|Channel bindings)\n/m)
  const alpn = /^- Application protocol: (\S+)$/m.exec(stdout.text)?.[1]
  const serverName = /^- Given server name\[\d\]: (\S+)$/m.exec(stdout.text)?.[1]
  return {
    suite: `TLS_${cipher?.replaceAll('-', '_')}_${cipher === 'AES-256-GCM' ? 'SHA384' : 'SHA256'}`,
    ...(group === undefined ? {} : { group: group.toLowerCase() }),
    ...(alpn === undefined ? {} : { alpn }),
    ...(serverName === undefined ? {} : { serverName }),
  }
}
