/** The logs whose word counts: Certificate Transparency's counterpart of a trust store. */
import type { CryptoProvider } from '../../crypto/provider.ts'
import { equal, toHex } from '../../wire/bytes.ts'
import { bitString, encode, encodeOid, positiveInteger, readDer, sequence, tags } from '../../wire/der.ts'
import { DecodeError } from '../../wire/error.ts'
import { sha256 } from '../sha256.ts'
import { type CtLogSource, ctLogStates, type PreviousOperator, readLogList } from './log-list.ts'

export interface CtLog extends CtLogSource {
  readonly id: Uint8Array
  readonly previousOperators: readonly PreviousOperator[]
  readonly description: string
}

export interface CtLogList {
  readonly logs: readonly CtLog[]
  /**
   * When the list was published, where it says so: milliseconds since 1970. Chrome stops asking for SCTs once its list is 70 days old, as
   * logs come and go; whether that is wise, and how fresh the list is, is the application's matter.
   */
  readonly timestamp: number | undefined
  /** The log with this id, the SHA-256 of its key. */
  find(id: Uint8Array): CtLog | undefined
}

/**
 * The logs that an application accepts: a list of its own, or one in the JSON format (version 3) of the list that Google publishes at
 * https://www.gstatic.com/ct/log_list/v3/log_list.json, as text or parsed. Of the JSON only what is needed here is read, and a log without
 * a state counts as pending. Throws `TypeError` that names the entry and what is wrong with it.
 */
export function ctLogs(source: string | readonly CtLogSource[] | object, crypto: CryptoProvider): CtLogList {
  const { logs: sources, timestamp } = isSources(source) ? { logs: source, timestamp: undefined } : readLogList(source)
  const logs = sources.map((each, i) => checkLog(each, `log ${i} (${each.description ?? each.operator})`, crypto))
  const byId = new Map(logs.map(log => [toHex(log.id), log]))
  if (logs.length === 0) throw new TypeError('a log list needs at least one log')
  if (byId.size < logs.length) throw new TypeError('a log list has the same log twice')
  return { logs, timestamp, find: id => byId.get(toHex(id)) }
}

/** Whether the log is approved at `now`. One whose retirement is still to come is. */
export function isApproved({ state, since = 0 }: CtLog, now: number): boolean {
  return state === 'qualified' || state === 'usable' || state === 'readonly' || (state === 'retired' && now < since)
}

/** Whose log it was at `time`. */
export function operatorAt({ operator, previousOperators }: CtLog, time: number): string {
  return previousOperators.find(({ until }) => time <= until)?.name ?? operator
}

function isSources(source: string | readonly CtLogSource[] | object): source is readonly CtLogSource[] {
  return Array.isArray(source)
}

function checkLog(source: CtLogSource, name: string, crypto: CryptoProvider): CtLog {
  const { key, state, since, operator, temporalInterval, previousOperators = [] } = source
  checkKey(key, name)
  const id = sha256(crypto, key)
  if (source.id && !equal(source.id, id)) throw new TypeError(`${name}: its id is not the SHA-256 of its key`)
  if (!operator) throw new TypeError(`${name} has no operator`)
  if (!ctLogStates.includes(state)) throw new TypeError(`${name}: its state is one of ${ctLogStates.join(', ')}, not ${state}`)
  if (state === 'retired' && since === undefined) throw new TypeError(`${name} is retired, but since when?`)
  const times = [since, temporalInterval?.start, temporalInterval?.end, ...previousOperators.map(({ until }) => until)]
  if (times.some(time => time !== undefined && !Number.isFinite(time))) throw new TypeError(`${name} has a time that is no number`)
  if (temporalInterval && temporalInterval.start >= temporalInterval.end)
    throw new TypeError(`${name} takes no certificate: its interval is empty`)
  if (previousOperators.some(({ until }, i) => until <= (previousOperators[i - 1]?.until ?? Number.NEGATIVE_INFINITY))) {
    throw new TypeError(`${name}: its previous operators are not in the order of time`)
  }
  return { ...source, id, previousOperators, description: source.description ?? operator }
}

function checkKey(key: Uint8Array, name: string): void {
  if (!(key instanceof Uint8Array)) throw new TypeError(`${name}: its key is the DER of a SubjectPublicKeyInfo`)
  try {
    const fields = sequence(readDer(key))
    const algorithm = fields.next(tags.sequence).raw
    const bits = bitString(fields.next())
    fields.end()
    if (equal(algorithm, p256) || (equal(algorithm, rsa) && modulusBits(bits) >= 2048)) return
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    throw new TypeError(`${name}: its key is malformed: ${error.message}`, { cause: error })
  }
  throw new TypeError(`${name}: its key is neither of ECDSA on P-256 nor of RSA with 2048 bits or more`)
}

/** AlgorithmIdentifiers (RFC 5480 §2.1.1, RFC 3279 §2.3.1). */
const p256 = encode(tags.sequence, encodeOid('1.2.840.10045.2.1'), encodeOid('1.2.840.10045.3.1.7'))
const rsa = encode(tags.sequence, encodeOid('1.2.840.113549.1.1.1'), encode(tags.null))

/** RSAPublicKey (RFC 8017 §A.1.1). */
function modulusBits(der: Uint8Array): number {
  const fields = sequence(readDer(der))
  const modulus = positiveInteger(fields.next())
  positiveInteger(fields.next())
  fields.end()
  return modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24
}
