/** workerd, the runtime of Cloudflare Workers, with one worker. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { wasmBytes } from '../../src/crypto/wasm.ts'
import { scratch } from '../drivers/scratch.ts'
import { findProgram, inPeers, listeningPort, start } from '../interop/child.ts'
import { bundle } from './bundle.ts'

export const workerd = findProgram({
  name: 'workerd',
  command: [inPeers('workerd/node_modules/@cloudflare/workerd-linux-64/bin/workerd')],
  probe: ['--version'],
  hint: 'run scripts/peers runtimes',
})

/** Where the worker answers requests. It may connect to wherever it likes, also on this machine. `texts`: what its environment has, by name. */
export async function startWorker(entry: string, texts: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = mkdtempSync(join(scratch('workers'), 'worker-'))
  writeFileSync(join(folder, 'worker.js'), await bundle(entry, { external: ['tassel.wasm', 'cloudflare:sockets'] }))
  writeFileSync(join(folder, 'tassel.wasm'), wasmBytes())
  writeFileSync(join(folder, 'config.capnp'), config(texts))
  return `http://127.0.0.1:${await listeningPort(start(workerd, ['serve', join(folder, 'config.capnp')]))}/`
}

const config = (texts: Readonly<Record<string, string>>) => `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["private", "local", "public"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "worker", esModule = embed "worker.js"),
    (name = "tassel.wasm", wasm = embed "tassel.wasm"),
  ],
  bindings = [${Object.entries(texts).map(([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`)}],
  compatibilityDate = "2026-11-01",
);
`
