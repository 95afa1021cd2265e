/**
 * Tassel beside the other TLS 1.3 libraries in JavaScript: all connect to one server in another process, over TCP on the loopback, with
 * the same certificate, suite and group, and fetch the same bytes. Who calls native cryptography (node:crypto, WebCrypto) is compared with
 * who does too, and who brings its own with who does too. node:tls is the reference that nobody is expected to reach.
 *
 * `scripts/peers js-tls` installs the libraries. docs/peers.md says what each does and does not do for the time it takes.
 */
import { type Race, rate, scaled } from './harness/measure.ts'
import type { Bar, Cell } from './harness/report.ts'
import type { Session } from './harness/session.ts'
import { Missing } from './peers/installed.ts'
import { lemonTls } from './peers/lemon-tls.ts'
import type { Library, Target } from './peers/library.ts'
import { nodeTls } from './peers/node-tls.ts'
import { type Origin, startOrigin } from './peers/origin.ts'
import { reclaim } from './peers/reclaim.ts'
import { subtls } from './peers/subtls.ts'
import { tassel } from './peers/tassel.ts'
import { proveAnswer, proveRefusal, raceDownloads, raceHandshakes, type Visitor } from './peers/visit.ts'
import { benchProviders } from './providers.ts'

/** Tassel's share of the time that the best of the others in its class takes, and its multiple of the best one's speed. */
const handshakeBar: Bar = { atMost: 0.7 }
const downloadBar: Bar = { atLeast: 2 }

const mebibyte = 1 << 20

export async function run(session: Session): Promise<void> {
  const origin = await startOrigin([
    { cipherSuite: 'TLS_AES_128_GCM_SHA256', group: 'x25519' },
    { cipherSuite: 'TLS_AES_128_GCM_SHA256', group: 'secp256r1' },
    { cipherSuite: 'TLS_CHACHA20_POLY1305_SHA256', group: 'x25519' },
  ])
  try {
    await compareAll(session, origin)
  } finally {
    await origin.stop()
  }
}

/** Who is compared with whom. */
interface Class {
  readonly name: string
  readonly reference: Visitor
  readonly own: readonly Visitor[]
  readonly others: readonly Visitor[]
}

async function compareAll(session: Session, { targets, strangerPem }: Origin): Promise<void> {
  const [aes, aesP256, chacha] = targets
  if (!aes || !aesP256 || !chacha) throw new Error('there are three targets')
  const available = (load: () => Promise<Library>, target: Target) => proved(session, load, target, strangerPem)
  const lemon = await available(lemonTls, aes)
  const sub = await available(subtls, aesP256)
  const reclaimNative = await available(() => reclaim('WebCrypto'), aes)
  const reclaimPure = await available(() => reclaim('pure'), aes)
  const providers = benchProviders()
  const native = providers.filter(({ name }) => name === 'node').map(tassel)
  const portable = providers.filter(({ name }) => name !== 'node').map(tassel)

  const classOf = (name: string, target: Target, own: readonly Library[], others: readonly (readonly Visitor[])[]): Class => ({
    name: `${name}, ${target.cipherSuite}, ${target.group}`,
    reference: { library: nodeTls(), target },
    own: own.map(library => ({ library, target })),
    others: others.flat(),
  })
  // One class after the other: what one provider's calls have taught the compiler must not slow another's.
  const nativeX25519 = classOf('native cryptography', aes, native, [lemon, reclaimNative])
  const nativeP256 = classOf('native cryptography', aesP256, native, [sub, at(aesP256, reclaimNative)])
  await compareHandshakes(session, nativeX25519)
  await compareHandshakes(session, nativeP256)
  // The group makes no difference any more: subtls joins the others.
  await compareDownloads(session, { ...nativeX25519, others: [lemon, reclaimNative, sub].flat() }, session.quick ? 16 : 64)

  const portableAes = classOf('no native cryptography', aes, portable, [reclaimPure])
  const portableChacha = classOf('no native cryptography', chacha, portable, [at(chacha, reclaimPure)])
  await compareHandshakes(session, portableAes)
  for (const group of [portableAes, portableChacha]) await compareDownloads(session, group, session.quick ? 4 : 16)
}

/** The library at this target, once it has proved itself there; none, and a word why, where it is not installed or fails. */
async function proved(session: Session, load: () => Promise<Library>, target: Target, strangerPem: string): Promise<readonly Visitor[]> {
  try {
    const visitor = { library: await load(), target }
    session.progress(`${visitor.library.name} proves itself`)
    await proveRefusal(visitor, strangerPem)
    await proveAnswer(visitor, 4 * mebibyte)
    return [visitor]
  } catch (error) {
    if (error instanceof Missing) console.log(`${error.message}: scripts/peers js-tls installs it`)
    else console.log(`left out: ${error instanceof Error ? error.message : error}`)
    return []
  }
}

const at = (target: Target, visitors: readonly Visitor[]) => visitors.map(({ library }) => ({ library, target }))

async function compareHandshakes(session: Session, { name, reference, own, others }: Class): Promise<void> {
  const table = session.table(`Handshakes over TCP, ${name}: milliseconds, and the share of the best other's`, [
    'connected ms',
    'connected ÷ best',
    'answer ms',
    'answer ÷ best',
    'CPU ms',
    'CPU ÷ best',
  ])
  session.progress(`handshakes, ${name}`)
  const all = [...own, ...others, reference]
  const { handshake, answer, cpu } = await raceHandshakes(all, session.quick ? 40 : 200)
  for (const { library } of all) {
    const bar = own.some(visitor => visitor.library === library) ? handshakeBar : undefined
    table.row(library.name, {
      'connected ms': { figure: scaled(handshake.time(library.name), 1e-3) },
      'connected ÷ best': timeShare(handshake, library, others, bar),
      'answer ms': { figure: scaled(answer.time(library.name), 1e-3) },
      'answer ÷ best': timeShare(answer, library, others, bar),
      'CPU ms': { figure: scaled(cpu.time(library.name), 1e-3) },
      'CPU ÷ best': timeShare(cpu, library, others),
    })
  }
}

async function compareDownloads(session: Session, { name, reference, own, others }: Class, mebibytes: number): Promise<void> {
  const table = session.table(`Downloads over TCP, ${name}: ${mebibytes} MiB, and how many times as fast as others`, [
    'MB/s',
    '÷ best other',
    '÷ node:tls',
    'CPU ms/MiB',
    'CPU ÷ best',
  ])
  session.progress(`downloads, ${name}`)
  const all = [...own, ...others, reference]
  const size = mebibytes * mebibyte
  for (const visitor of all) await proveAnswer(visitor, size)
  const { download, cpu } = await raceDownloads(all, session.slowPace.rounds, size)
  for (const { library } of all) {
    const bar = own.some(visitor => visitor.library === library) ? downloadBar : undefined
    table.row(library.name, {
      'MB/s': { figure: rate(size, download.time(library.name)) },
      '÷ best other': speedUp(download, library, others, bar),
      '÷ node:tls': { figure: download.speed(library.name, reference.library.name), digits: 2 },
      'CPU ms/MiB': { figure: scaled(cpu.time(library.name), 1e-3 / mebibytes), digits: 2 },
      'CPU ÷ best': timeShare(cpu, library, others),
    })
  }
}

function timeShare(race: Race, { name }: Library, others: readonly Visitor[], bar?: Bar): Cell | undefined {
  const best = fastest(race, others)
  return best === undefined ? undefined : { figure: race.speed(best, name), digits: 2, ...(bar && { bar }) }
}

function speedUp(race: Race, { name }: Library, others: readonly Visitor[], bar?: Bar): Cell | undefined {
  const best = fastest(race, others)
  return best === undefined ? undefined : { figure: race.speed(name, best), digits: 2, ...(bar && { bar }) }
}

/** The name of the one with the least median time. */
function fastest(race: Race, visitors: readonly Visitor[]): string | undefined {
  const byTime = visitors.map(({ library: { name } }) => name).toSorted((a, b) => race.time(a).median - race.time(b).median)
  return byTime[0]
}
