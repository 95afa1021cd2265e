/** Drafts become certificates, and files for those who judge by files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { type Authority, generateKeyPair, type KeyOrder, type KeyPair, mintAuthority, mintCrl } from '../../../src/testing/index.ts'
import { encodePem } from '../../../src/x509/index.ts'
import { Random } from '../../fuzz/random.ts'
import { type Draft, lifetime, soundDraft, yearsAfter } from './draft.ts'
import { features } from './features.ts'

export interface Case {
  readonly number: number
  readonly draft: Draft
  /** The trust anchor. */
  readonly root: Uint8Array
  readonly leaf: Uint8Array
  /** The other certificates, in a random order. */
  readonly bag: readonly Uint8Array[]
  readonly crls: readonly Uint8Array[]
  /** The same in PEM, in a folder that is removed after the tests of this file. */
  readonly files: CaseFiles
}

export interface CasesOrder {
  readonly seed: number
  readonly count: number
  /** Milliseconds since 1970, whole seconds. */
  readonly moment: number
  /** Default: all. */
  readonly from?: readonly string[]
}

/** The same drafts for the same seed: each feature in turn, some with one or two others. Keys are new each time. */
export async function mintCases({ seed, count, moment, from: names = Object.keys(features) }: CasesOrder): Promise<readonly Case[]> {
  const random = new Random(seed)
  const cases: Case[] = []
  for (let number = 0; number < count; number++) {
    const draft = soundDraft(random, moment)
    const drawn = [names[number % names.length] ?? '', ...Array.from({ length: random.pick([0, 0, 0, 1, 2]) }, () => random.pick(names))]
    draft.features = [...new Set(drawn)]
    for (const name of draft.features) features[name]?.(draft, random)
    cases.push(await mintCase(draft, number, random))
  }
  return cases
}

async function mintCase(draft: Draft, number: number, random: Random): Promise<Case> {
  const root = await mintAuthority({ ...draft.root.options, key: await keyOf(draft.root) })
  const authorities: Authority[] = [root]
  const bag: Uint8Array[] = []
  for (const [i, order] of draft.intermediates.entries()) {
    const authority = await authorities[i]?.issueAuthority({ ...order.options, key: await keyOf(order) })
    if (!authority) throw new Error('an issuer is missing')
    authorities.push(authority)
    if (!draft.missing.includes(i)) bag.push(order.forged ? forged(authority.certificateDer) : authority.certificateDer)
  }
  const last = authorities.at(-1) ?? root
  const leaf = await last.issue({ ...draft.leaf.options, key: await keyOf(draft.leaf) })
  for (const decoy of draft.decoys) bag.push(await mintDecoy(decoy, authorities, draft.moment))
  const minted = {
    draft,
    root: (authorities[draft.anchor] ?? root).certificateDer,
    leaf: draft.leaf.forged ? forged(leaf.certificateDer) : leaf.certificateDer,
    bag: shuffled(bag, random),
    crls: await mintCrls(draft, [...authorities, leaf]),
  }
  return { ...minted, number, files: writeFiles(minted, `${draft.moment}-${number}`) }
}

async function mintDecoy({ like, kind }: Draft['decoys'][number], authorities: readonly Authority[], moment: number): Promise<Uint8Array> {
  const [parent, twin] = [authorities[like], authorities[like + 1]]
  if (!parent || !twin) throw new Error('there is nothing like it')
  if (kind === 'expired twin') {
    return (await parent.certify(twin, lifetime(moment, -10, -2))).certificateDer
  }
  const dates = lifetime(moment, -5, 10)
  const stranger = await mintAuthority({ ...dates, subject: { CN: 'Stranger' }, key: await pooled('P-256', 7) })
  if (kind === 'cross-sign') return (await stranger.certify(twin, dates)).certificateDer
  return (await parent.issueAuthority({ ...dates, subject: twin.subject, key: await pooled('P-256', 7) })).certificateDer
}

async function mintCrls(
  draft: Draft,
  chain: readonly { readonly serial: bigint; readonly subject: Uint8Array; readonly keys: KeyPair; readonly certificateDer: Uint8Array }[],
): Promise<Uint8Array[]> {
  const lists: Uint8Array[] = []
  const date = yearsAfter(draft.moment, -1)
  for (const { of, revokes, forged: isForged, ...options } of draft.crls ?? []) {
    const [issuer, below] = [chain[of], chain[of + 1]]
    if (!issuer || !below) throw new Error('there is no such issuer')
    const revoked = revokes ? [{ revoked: below, date }] : []
    const { crlDer } = await mintCrl(issuer, { ...options, revoked: [{ revoked: 5, date }, ...revoked] })
    lists.push(isForged ? forged(crlDer) : crlDer)
  }
  return lists
}

/** One bit of the last octet, which is the signature's, is wrong. */
function forged(der: Uint8Array): Uint8Array {
  return Uint8Array.of(...der.subarray(0, -1), (der.at(-1) ?? 0) ^ 1)
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items]
  return items.flatMap(() => left.splice(random.below(left.length), 1))
}

const pool = new Map<string, Promise<KeyPair>>()

function pooled(kind: KeyOrder, place: number): Promise<KeyPair> {
  const known = pool.get(`${kind} ${place}`) ?? generateKeyPair(kind)
  pool.set(`${kind} ${place}`, known)
  return known
}

function keyOf({ kind = 'P-256', key }: { readonly kind?: KeyOrder; readonly key: number }): Promise<KeyPair> {
  return pooled(kind, key)
}

export interface CaseFiles {
  readonly root: string
  readonly leaf: string
  readonly bag: string | undefined
  readonly crls: string | undefined
  /** The end entity, and the others behind it. */
  readonly chain: string
}

function writeFiles({ root, leaf, bag, crls }: Omit<Case, 'number' | 'files'>, prefix: string): CaseFiles {
  folder ??= mkdtempSync(join(tmpdir(), 'tassel-differential-'))
  const write = (name: string, label: string, ders: readonly Uint8Array[]) => {
    const path = join(folder ?? '', `${prefix}-${name}.pem`)
    writeFileSync(path, ders.map(der => encodePem(label, der)).join(''))
    return path
  }
  return {
    root: write('root', 'CERTIFICATE', [root]),
    leaf: write('leaf', 'CERTIFICATE', [leaf]),
    bag: bag.length > 0 ? write('bag', 'CERTIFICATE', bag) : undefined,
    crls: crls.length > 0 ? write('crls', 'X509 CRL', crls) : undefined,
    chain: write('chain', 'CERTIFICATE', [leaf, ...bag]),
  }
}

let folder: string | undefined

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})
