/**
 * OpenSSL's programs `s_server` and `s_client`, any version from 3.0. Brief, their standard input and output are the data and nothing
 * else; verbose, standard output has what they tell too, and letters at the start of the input are commands.
 */
import { type Child, listeningPort, type Program, start } from './child.ts'
import { allKeys, authority, type Credential } from './credentials.ts'
import { type Agreed, classicGroups, type Peer, type PeerEnd, type PeerOptions } from './peer.ts'

export function openssl(program: Program, moreGroups: readonly string[] = []): Peer {
  return {
    groups: [...moreGroups, ...classicGroups],
    keys: allKeys,
    server: {
      disbelieves: 'unknown_ca',
      // It answers our close_notify, but has no command that sends one.
      neverEnds: true,
      refusesVersion: 'protocol_version',
      async start(options) {
        const child = start(program, await serverArguments(options))
        return { ...peerEnd(child, options), port: await listeningPort(child) }
      },
    },
    client: {
      disbelieves: 'unknown_ca',
      start: async (port, options) => peerEnd(start(program, clientArguments(port, options)), options),
    },
  }
}

export async function serverArguments(options: PeerOptions): Promise<string[]> {
  const credential = options.credential ?? (await (await authority()).issue('P-256'))
  const args = ['s_server', '-accept', '127.0.0.1:0', '-naccept', '1', ...identity(credential), ...common(options)]
  if (!options.verbose) args.push('-brief')
  if (options.ca !== undefined) args.push('-Verify', '3', '-verify_return_error', '-CAfile', options.ca)
  // Only with a name and a certificate for that does it tell the name that a client asks for.
  if (options.verbose) args.push('-servername', 'other.example', '-cert2', credential.certFile, '-key2', credential.keyFile)
  return args
}

export function clientArguments(port: number, options: PeerOptions): string[] {
  const { credential, ca } = options
  const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'localhost', ...common(options)]
  if (!options.verbose) args.push('-brief', '-nocommands')
  if (credential !== undefined) args.push(...identity(credential))
  if (ca !== undefined) args.push('-CAfile', ca, '-verify_return_error', '-verify_hostname', 'localhost')
  return args
}

function identity({ certFile, keyFile, chainFile }: Credential): string[] {
  return ['-cert', certFile, '-key', keyFile, ...(chainFile === undefined ? [] : ['-cert_chain', chainFile])]
}

function common({ suites, groups, version, alpn }: PeerOptions): string[] {
  return [
    version === undefined ? '-tls1_3' : '-tls1_2',
    ...(suites ? ['-ciphersuites', suites.join(':')] : []),
    ...(groups ? ['-groups', groups.join(':')] : []),
    ...(alpn ? ['-alpn', alpn.join(',')] : []),
  ]
}

export function peerEnd(child: Child, { verbose }: PeerOptions): PeerEnd {
  const { stdin, stdout, stderr, process } = child
  return {
    inbox: stdout,
    send: data => void stdin.write(data),
    end: () => void stdin.end(),
    kill: () => void process.kill('SIGKILL'),
    closed: child.ended.then(code => code === 0),
    agreed: () => (verbose ? agreedAtLength(child) : agreedInBrief(child)),
    alert: async () => Number((await stderr.said(/SSL alert number (\d+)/))[1]),
  }
}

async function agreedInBrief({ stderr }: Child): Promise<Agreed> {
  const [, suite] = await stderr.said(/^Ciphersuite: (\S+)$/m)
  // The last line of the summary; a server that does not tell the group ends with the groups that it was offered.
  const [line, group] = await stderr.said(/^(?:Server Temp Key|Peer Temp Key|Negotiated TLS1.3 group|Supported groups): (.*)\n/m)
  const known = line.startsWith('Supported') ? /^Peer Temp Key: (.*)$/m.exec(stderr.text)?.[1] : group
  return { ...(suite === undefined ? {} : { suite }), ...(known === undefined ? {} : { group: groupName(known) }) }
}

/** `X25519, 253 bits`, `ECDH, prime256v1, 256 bits`, `X25519MLKEM768` */
function groupName(text: string): string {
  const name = text.replace(/^ECDH, /, '').replace(/,.*/, '')
  return aliases.get(name) ?? name
}

const aliases = new Map([
  ['X25519', 'x25519'],
  ['prime256v1', 'secp256r1'],
])

async function agreedAtLength({ stdout }: Child): Promise<Agreed> {
  const [, suite] = await stdout.said(/^(?:CIPHER is|New, TLSv1.3, Cipher is) (\S+)\n/m)
  const alpn = /^ALPN protocols? ?(?:selected)?: (\S+)$/m.exec(stdout.text)?.[1]
  const serverName = /^Hostname in TLS extension: "(.*)"$/m.exec(stdout.text)?.[1]
  return {
    ...(suite === undefined ? {} : { suite }),
    ...(alpn === undefined ? {} : { alpn }),
    ...(serverName === undefined ? {} : { serverName }),
  }
}
