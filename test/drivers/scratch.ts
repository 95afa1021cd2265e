/** What the servers of a test file are given: a folder, and certificates in it. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { mintAuthority } from '../../src/testing/index.ts'

/** PEM files. */
export interface Files {
  readonly cert: string
  readonly key: string
}

export interface Certificates {
  /** Whom both sides believe. */
  readonly ca: string
  /** For `localhost` and 127.0.0.1. */
  readonly server: Files
  /** For clients alone; its common name is `tassel`. */
  readonly client: Files
  /** As `ca` and `client`, by an authority that nobody has heard of. */
  readonly stranger: Files & { readonly ca: string }
}

let folder: string | undefined
let minted: Promise<Certificates> | undefined

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

/** A folder below that of this test file, which goes with it. Servers of other users may look inside. */
export function scratch(name: string): string {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), 'tassel-drivers-'))
    chmodSync(folder, 0o755)
  }
  const path = join(folder, name)
  mkdirSync(path, { recursive: true })
  return path
}

/** The certificates of this test file, minted once. */
export function certificates(): Promise<Certificates> {
  minted ??= mint()
  return minted
}

async function mint(): Promise<Certificates> {
  const [ours, others] = [await mintAuthority(), await mintAuthority({ name: 'Stranger CA' })]
  const subject = { CN: 'tassel' }
  const write = (name: string, { certificatePem, privateKeyPem }: { certificatePem: string; privateKeyPem: string }): Files => {
    const [cert, key] = [join(scratch('certificates'), `${name}.pem`), join(scratch('certificates'), `${name}.key`)]
    writeFileSync(cert, certificatePem)
    writeFileSync(key, privateKeyPem)
    return { cert, key }
  }
  return {
    ca: write('ca', ours).cert,
    server: write('server', await ours.issue({ names: ['localhost', '127.0.0.1'], purposes: ['server'] })),
    client: write('client', await ours.issue({ subject, purposes: ['client'] })),
    stranger: { ca: write('stranger-ca', others).cert, ...write('stranger', await others.issue({ subject, purposes: ['client'] })) },
  }
}
