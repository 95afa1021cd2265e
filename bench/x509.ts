/**
 * What certificates cost: reading one of 1.2 kB, and judging a chain of three (RSA end entity, ECDSA intermediate and root), beside
 * node:crypto's X509Certificate and @peculiar/x509; and what a peer costs that comes again.
 */
import 'reflect-metadata'
import { randomBytes, X509Certificate } from 'node:crypto'
import * as peculiar from '@peculiar/x509'
import { createNobleProvider } from '../src/crypto/noble.ts'
import { createNodeProvider } from '../src/crypto/node.ts'
import type { CryptoProvider } from '../src/crypto/provider.ts'
import { encodeSctList, mintAuthority, sctListExtension } from '../src/testing/index.ts'
import { createTrustStore, parseCertificate, type TrustStoreOptions } from '../src/x509/index.ts'
import { type Contender, race } from './harness/measure.ts'
import type { Session } from './harness/session.ts'

export async function run(session: Session): Promise<void> {
  const chain = await mintChain()
  const { leaf } = chain
  await compare(session, `Reading a certificate of ${leaf.length} bytes`, [
    { name: 'tassel', run: () => parseCertificate(leaf) },
    { name: 'node:crypto', run: () => new X509Certificate(leaf) },
    { name: '@peculiar/x509', run: () => new peculiar.X509Certificate(leaf) },
  ])
  const [node, noble] = [createNodeProvider(), createNobleProvider({ random: size => new Uint8Array(randomBytes(size)) })]
  await compare(session, 'Judging a chain of three certificates: reading them, two signatures, names, dates, usages', [
    { name: 'tassel on node', run: judge(chain, node) },
    { name: 'tassel on noble', run: judge(chain, noble) },
    { name: 'node:crypto', run: () => judgeByNode(chain) },
  ])
  for (const crypto of [node, noble]) {
    await compare(session, `The same chain again on ${crypto.name}, as long as nothing, the parts, or the verdict is remembered`, [
      { name: 'nothing', run: judge(chain, crypto) },
      { name: 'certificates and signatures', run: judge(chain, crypto, { verdicts: 0 }) },
      { name: 'the verdict', run: judge(chain, crypto, {}) },
    ])
  }
}

/** A table with all of them beside the first. */
async function compare(session: Session, title: string, contenders: readonly Contender[]): Promise<void> {
  session.progress(title)
  const [first] = contenders
  if (!first) throw new TypeError('nobody competes')
  const times = await race(contenders, session.slowPace)
  const ratio = `speed ÷ ${first.name}`
  const table = session.table(title, ['µs', ratio])
  for (const { name } of contenders) {
    table.row(name, {
      µs: { figure: times.time(name) },
      ...(name !== first.name && { [ratio]: { figure: times.speed(name, first.name), digits: 2 } }),
    })
  }
}

interface Chain {
  readonly root: Uint8Array
  readonly intermediate: Uint8Array
  readonly leaf: Uint8Array
}

function judge({ root, intermediate, leaf }: Chain, crypto: CryptoProvider, cache: TrustStoreOptions['cache'] = false): () => unknown {
  const trust = createTrustStore({ roots: [root], crypto, cache })
  return () => trust.verify([leaf, intermediate], { name: 'www.example.com', now: Date.now(), purpose: 'server' })
}

/** What X509Certificate offers is no validation; this much of it an application would have to put together by itself. */
function judgeByNode({ root, intermediate, leaf }: Chain): void {
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
async function mintChain(): Promise<Chain> {
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
