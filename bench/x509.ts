/**
 * What certificates cost: reading one of 1.2 kB, and judging a chain of three (RSA end entity, ECDSA intermediate and root), beside
 * node:crypto's X509Certificate and @peculiar/x509 in the same run; what a peer costs that comes again; and how large the validator is, bundled. Numbers of one run compare
 * with each other, not with those of another run.
 *
 *     npm run bench:x509
 */
import 'reflect-metadata'
import { randomBytes, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as peculiar from '@peculiar/x509'
import { build } from 'rolldown'
import { createNobleProvider } from '../src/crypto/noble.ts'
import { createNodeProvider } from '../src/crypto/node.ts'
import type { CryptoProvider } from '../src/crypto/provider.ts'
import { encodeSctList, mintAuthority, sctListExtension } from '../src/testing/index.ts'
import { createTrustStore, parseCertificate, type TrustStoreOptions } from '../src/x509/index.ts'

const rounds = 9
const millisecondsPerRound = 60

async function main(): Promise<void> {
  const { root, intermediate, leaf } = await mintChain()
  console.log(`Node ${process.version}, ${rounds} rounds that alternate; median, and the fastest and slowest round`)

  heading(`reading a certificate of ${leaf.length} bytes`, 'tassel')
  report({
    tassel: () => parseCertificate(leaf),
    'node:crypto': () => new X509Certificate(leaf),
    '@peculiar/x509': () => new peculiar.X509Certificate(leaf),
  })

  heading('judging a chain of three certificates (reading them, two signatures, names, dates, usages)', 'tassel on node')
  const judge = (crypto: CryptoProvider, cache: TrustStoreOptions['cache'] = false) => {
    const trust = createTrustStore({ roots: [root], crypto, cache })
    return () => trust.verify([leaf, intermediate], { name: 'www.example.com', now: Date.now(), purpose: 'server' })
  }
  const [node, noble] = [createNodeProvider(), createNobleProvider({ random: size => new Uint8Array(randomBytes(size)) })]
  report({
    'tassel on node': judge(node),
    'tassel on noble': judge(noble),
    'node:crypto': () => judgeByNode(root, intermediate, leaf),
  })

  heading('judging the same chain again, as long as nothing, parts, or the verdict is remembered', 'node, cold')
  report({
    'node, cold': judge(node),
    'node, parts': judge(node, { verdicts: 0 }),
    'node, verdict': judge(node, {}),
    'noble, cold': judge(noble),
    'noble, parts': judge(noble, { verdicts: 0 }),
    'noble, verdict': judge(noble, {}),
  })
  await reportSizes()
}

/** What X509Certificate offers is no validation; this much of it an application would have to put together by itself. */
function judgeByNode(root: Uint8Array, intermediate: Uint8Array, leaf: Uint8Array): void {
  const [anchor, ca, end] = [root, intermediate, leaf].map(der => new X509Certificate(der)) as [
    X509Certificate,
    X509Certificate,
    X509Certificate,
  ]
  const now = Date.now()
  const valid = [anchor, ca, end].every(({ validFrom, validTo }) => Date.parse(validFrom) <= now && now <= Date.parse(validTo))
  const issued = ca.checkIssued(anchor) && end.checkIssued(ca) && ca.ca && anchor.ca
  const signed = ca.verify(anchor.publicKey) && end.verify(ca.publicKey)
  if (!valid || !issued || !signed || !end.checkHost('www.example.com')) throw new Error('the chain was refused')
}

/** As the public web has them: an RSA key of 2048 bits, an intermediate with its URLs, two embedded SCTs. */
async function mintChain() {
  const root = await mintAuthority({ name: 'Example Root', key: 'P-384' })
  const intermediate = await root.issueAuthority({ name: 'Example Issuing Authority', key: 'P-256', pathLength: 0 })
  const scts = encodeSctList([119, 119].map(size => new Uint8Array(randomBytes(size))))
  const leaf = await intermediate.issue({
    key: 'RSA-2048',
    names: ['www.example.com', 'example.com', 'static.example.com', 'api.example.com'],
    policies: ['2.23.140.1.2.1'],
    ocsp: ['http://ocsp.example.com'],
    caIssuers: ['http://certificates.example.com/issuing.der'],
    crlDistributionPoints: [{ fullName: [{ uri: 'http://crl.example.com/issuing/17.crl' }] }],
    extensions: [{ oid: sctListExtension, value: scts }],
  })
  return { root: root.certificateDer, intermediate: intermediate.certificateDer, leaf: leaf.certificateDer }
}

// ── Time ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function heading(what: string, first: string): void {
  console.log(
    `\n${what}\n${''.padEnd(18)}${'µs'.padStart(10)}${'fastest'.padStart(10)}${'slowest'.padStart(10)}${`× ${first}`.padStart(20)}`,
  )
}

function report(runs: Readonly<Record<string, () => unknown>>): void {
  const times = new Map(Object.keys(runs).map((name): [string, number[]] => [name, []]))
  for (let round = -2; round < rounds; round++) {
    for (const [name, run] of Object.entries(runs)) {
      const time = timePerCall(run)
      if (round >= 0) times.get(name)?.push(time)
    }
  }
  const reference = median([...times.values()][0] ?? [])
  for (const [name, all] of times) {
    const columns = [median(all), Math.min(...all), Math.max(...all)].map(time => time.toFixed(1).padStart(10))
    console.log(`${name.padEnd(18)}${columns.join('')}${(median(all) / reference).toFixed(3).padStart(20)}`)
  }
}

/** Microseconds. */
function timePerCall(run: () => unknown): number {
  const start = performance.now()
  let calls = 0
  let elapsed = 0
  do {
    for (let i = 0; i < 8; i++) run()
    calls += 8
    elapsed = performance.now() - start
  } while (elapsed < millisecondsPerRound)
  return (elapsed * 1000) / calls
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

// ── Size ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a bundler makes of an import of these names, minified, in kB. This file runs as JavaScript in `.bench/bench`. */
async function reportSizes(): Promise<void> {
  const source = join(import.meta.dirname, '../../src')
  const entries = {
    'the validator (createTrustStore, verifyChain)': `export { createTrustStore, verifyChain } from '${source}/x509/index.ts'`,
    'all of tassel/x509': `export * from '${source}/x509/index.ts'`,
    'tassel/roots': `export * from '${source}/roots.ts'`,
  }
  console.log(`\nbundled and minified${'kB'.padStart(34)}${'gzipped'.padStart(10)}`)
  for (const [name, code] of Object.entries(entries)) {
    const size = await bundle(code)
    console.log(`${name.padEnd(46)}${(size.plain / 1000).toFixed(1).padStart(8)}${(size.gzipped / 1000).toFixed(1).padStart(10)}`)
  }
}

async function bundle(code: string): Promise<{ readonly plain: number; readonly gzipped: number }> {
  const entry = 'virtual:entry'
  const { output } = await build({
    input: entry,
    write: false,
    logLevel: 'warn',
    output: { minify: true },
    plugins: [{ name: 'entry', resolveId: id => (id === entry ? id : null), load: id => (id === entry ? code : null) }],
  })
  const [{ code: bundled }] = output
  return { plain: Buffer.byteLength(bundled), gzipped: gzipSync(bundled, { level: 9 }).length }
}

await main()
