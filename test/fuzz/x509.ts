/**
 * Bends certificates, CRLs and OCSP responses, and makes certificates with extensions by their grammar, and holds them before the parsers and
 * the path validator. Nothing but a `CertificateError` may be thrown, and nothing may be believed whose signed bytes have changed.
 */
import { createNodeProvider } from '../../src/crypto/node.ts'
import { toHex } from '../../src/wire/bytes.ts'
import { constructedTag, readDer, sequence } from '../../src/wire/der.ts'
import { CertificateError, parseCertificate, parseCrl, parseOcspResponse, verifyChain } from '../../src/x509/index.ts'
import * as make from '../x509/build.ts'
import * as revocation from '../x509/revocation/make.ts'
import { bend, type Node, parseTree, writeTree } from './der-tree.ts'
import { randomExtension } from './grammar.ts'
import { Random } from './random.ts'

export interface Tally {
  /** How many inputs of each kind there were, how many were read, and how many believed (their signed bytes the old ones). */
  readonly kinds: Record<string, { inputs: number; read: number; believed: number }>
  /** Milliseconds of the slowest input. */
  slowest: number
}

/** Throws where a rule of the above is broken; the message has the input in hexadecimal. */
export function fuzz(seed: number, count: number, progress: (done: number) => void = () => {}): Tally {
  const random = new Random(seed)
  const targets = makeTargets()
  const trees = targets.map(({ original }) => parseTree(original))
  // A branch of another tree may be that whole tree: what somebody else really signed.
  const genuine = new Set(targets.map(({ original, signed }) => toHex(signed(original))))
  const tally: Tally = { kinds: {}, slowest: 0 }
  for (let i = 0; i < count; i++) {
    const at = random.below(targets.length)
    const target = targets[at] as Target
    const input = target.make?.(random) ?? mutate(target.original, trees[at] ?? [], random, trees)
    const start = performance.now()
    judge(target, input, genuine, tally)
    tally.slowest = Math.max(tally.slowest, performance.now() - start)
    if ((i + 1) % 100_000 === 0) progress(i + 1)
  }
  return tally
}

/** Something that is bent. */
interface Target {
  readonly kind: string
  readonly original: Uint8Array
  parse(input: Uint8Array): unknown
  /** Throws where the input is not believed. */
  believe(input: Uint8Array): void
  /** What is signed in an input that is well formed. */
  signed(input: Uint8Array): Uint8Array
  /** Makes an input that is not bent, in the place of bending the original: whatever it says, it may be believed. */
  make?(random: Random): Uint8Array
}

function judge(target: Target, input: Uint8Array, genuine: ReadonlySet<string>, tally: Tally): void {
  tally.kinds[target.kind] ??= { inputs: 0, read: 0, believed: 0 }
  const counts = tally.kinds[target.kind] as Tally['kinds'][string]
  counts.inputs++
  if (!passes(target, () => target.parse(input), input)) return
  counts.read++
  if (!passes(target, () => target.believe(input), input)) return
  counts.believed++
  if (!target.make && !genuine.has(toHex(target.signed(input)))) {
    throw new Error(`believed, though what is signed has changed: ${describe(target, input)}`)
  }
}

function passes(target: Target, act: () => unknown, input: Uint8Array): boolean {
  try {
    act()
    return true
  } catch (error) {
    if (error instanceof CertificateError) return false
    throw new Error(`threw ${String(error)}: ${describe(target, input)}`, { cause: error })
  }
}

function describe({ kind }: Target, input: Uint8Array): string {
  return `${kind} ${toHex(input)}`
}

/** One to four times: nodes of the tree, or octets of the whole. */
function mutate(original: Uint8Array, tree: readonly Node[], random: Random, others: readonly (readonly Node[])[]): Uint8Array {
  if (random.chance(30)) return flipped(original, random)
  const bent = structuredClone(tree) as Node[]
  for (let times = 1 + random.below(random.chance(70) ? 1 : 4); times > 0 && bent.length > 0; times--) bend(bent, random, others)
  const written = writeTree(bent)
  return random.chance(10) ? flipped(written, random) : written
}

function flipped(bytes: Uint8Array, random: Random): Uint8Array {
  const bent = random.chance(10) ? bytes.slice(0, random.below(bytes.length + 1)) : bytes.slice()
  for (let times = 1 + random.below(3); times > 0 && bent.length > 0; times--) {
    const i = random.below(bent.length)
    bent[i] = random.chance(50) ? (bent[i] ?? 0) ^ (1 << random.below(8)) : random.below(256)
  }
  return bent
}

// ── What is bent ────────────────────────────────────────────────────────────────────────────────────────────────────

const { now } = make

function makeTargets(): readonly Target[] {
  const crypto = createNodeProvider()
  const root = revocation.authority({ subject: 'Root' })
  const ca = revocation.authority({ subject: 'Issuing', more: caExtensions() }, root)
  const responder = make.build(
    { subject: 'Responder', serial: revocation.number(9), extensions: [make.extension('2.5.29.37', ocspSigning)] },
    ca,
  )
  const point = revocation.crlDistributionPoints({ at: 'http://crl.example.com' })
  const leaf = revocation.endEntity(ca, 7, [point, make.authorityKeyIdentifier('ca'), make.subjectKeyIdentifier('leaf')])
  const scope = revocation.issuingDistributionPoint({ at: 'http://crl.example.com', only: 'user' })
  const list = revocation.crl(ca, {
    entries: [revocation.entry(8, { reason: 'keyCompromise' })],
    extensions: [revocation.crlNumber(5), scope],
  })
  const answers = [{ issuer: ca, serial: 8, status: revocation.revoked }, { issuer: ca }]
  const direct = revocation.ocsp(ca, { answers })
  const delegated = revocation.ocsp(responder, { answers, certificates: [responder.der] })

  const common = { crypto, anchors: [root.der], now, purpose: 'server', name: 'example.com' }
  const chain = (end: Uint8Array, issuer: Uint8Array) => verifyChain([end, issuer], common)
  const hard = { mode: 'hard', scope: 'leaf' } as const
  const certificate = { parse: parseCertificate, signed: signedOf }
  const ocsp = {
    parse: parseOcspResponse,
    signed: ocspSignedOf,
    believe: (ocsp: Uint8Array) => void verifyChain([leaf.der, ca.der], { ...common, revocation: hard, ocsp }),
  }
  return [
    { ...certificate, kind: 'end entity', original: leaf.der, believe: input => void chain(input, ca.der) },
    { ...certificate, kind: 'intermediate', original: ca.der, believe: input => void chain(leaf.der, input) },
    {
      ...certificate,
      kind: 'made end entity',
      original: leaf.der,
      believe: input => void chain(input, ca.der),
      make: random => make.leaf(ca, { extensions: madeExtensions(random, make.leafExtensions()) }).der,
    },
    {
      ...certificate,
      kind: 'made intermediate',
      original: ca.der,
      believe: input => void verifyChain([make.leaf({ ...ca, der: input }).der, input], common),
      make: random =>
        make.intermediate(root, { subject: 'Issuing', keys: ca.keys, extensions: madeExtensions(random, make.caExtensions()) }).der,
    },
    {
      kind: 'CRL',
      original: list,
      parse: input => [...parseCrl(input).entries],
      signed: signedOf,
      believe: input => void verifyChain([leaf.der, ca.der], { ...common, revocation: { ...hard, crls: [input] } }),
    },
    { ...ocsp, kind: 'OCSP response', original: direct },
    { ...ocsp, kind: 'OCSP response by a delegate', original: delegated },
  ]
}

const ocspSigning = Uint8Array.of(0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09)

/** Name constraints and a policy. */
function caExtensions(): Uint8Array[] {
  const permitted = Uint8Array.of(0x30, 0x11, 0xa0, 0x0f, 0x30, 0x0d, 0x82, 0x0b, ...make.latin1('example.com'))
  const policy = Uint8Array.of(0x30, 0x08, 0x30, 0x06, 0x06, 0x04, 0x55, 0x1d, 0x20, 0x00)
  return [make.extension('2.5.29.30', permitted, true), make.extension('2.5.29.32', policy), make.subjectKeyIdentifier('ca')]
}

function madeExtensions(random: Random, base: readonly Uint8Array[]): Uint8Array[] {
  const more = Array.from({ length: random.below(6) }, () => randomExtension(random))
  return [...base.filter(() => random.chance(80)), ...more]
}

/** The first field: of a certificate, of a CRL, of a BasicOCSPResponse. */
function signedOf(bytes: Uint8Array): Uint8Array {
  return sequence(readDer(bytes)).next().raw
}

function ocspSignedOf(bytes: Uint8Array): Uint8Array {
  const fields = sequence(readDer(bytes))
  fields.next()
  const inside = fields.next(constructedTag(0)).inner().contents()
  inside.next()
  return signedOf(inside.next().bytes)
}
