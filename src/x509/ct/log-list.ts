/** The JSON of log lists, version 3 (https://www.gstatic.com/ct/log_list/v3/log_list_schema.json). */
import { decodeBase64 } from '../pem.ts'

/**
 * What a client's vendor thinks of a log (Chrome's log lifecycle, https://googlechrome.github.io/CertificateTransparency/log_states.html).
 * `qualified`, `usable` and `readonly` are approval; `retired` was approved until then; `pending` is not yet, `rejected` no longer at all.
 */
export type CtLogState = (typeof ctLogStates)[number]

export const ctLogStates = ['pending', 'qualified', 'usable', 'readonly', 'retired', 'rejected'] as const

export interface CtLogSource {
  /** SHA-256 of `key`. Given, it is checked. */
  readonly id?: Uint8Array
  /** SubjectPublicKeyInfo, DER: ECDSA on P-256, or RSA of 2048 bits or more (RFC 6962 §2.1.4). */
  readonly key: Uint8Array
  /** Whose log it is. Logs are independent of each other where these names differ. */
  readonly operator: string
  /** Whose it was, and until when (milliseconds since 1970): an SCT counts for the operator at its time. Earliest first. */
  readonly previousOperators?: readonly PreviousOperator[]
  /** For reports. Default: the operator's name. */
  readonly description?: string
  readonly state: CtLogState
  /** When the log came into this state, milliseconds since 1970. A retired log must have it: what it signed before stays good. */
  readonly since?: number
  /** The log takes certificates whose notAfter lies from `start` on and before `end`, milliseconds since 1970. */
  readonly temporalInterval?: TemporalInterval
}

export interface PreviousOperator {
  readonly name: string
  readonly until: number
}

export interface TemporalInterval {
  readonly start: number
  readonly end: number
}

/** Throws `TypeError` that says where in the list something is missing or wrong. */
export function readLogList(source: string | object): { readonly logs: readonly CtLogSource[]; readonly timestamp: number | undefined } {
  const list = record(typeof source === 'string' ? parse(source) : source, 'the log list')
  const timestamp = list.log_list_timestamp
  return {
    logs: array(list.operators, 'operators').flatMap((operator, i) => readOperator(operator, `operators[${i}]`)),
    timestamp: timestamp === undefined ? undefined : moment(timestamp, 'log_list_timestamp'),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new TypeError('the log list is not JSON', { cause: error })
  }
}

/** Logs that are read by another protocol, `tiled_logs` (static-ct-api), sign like all others. */
function readOperator(value: unknown, path: string): CtLogSource[] {
  const operator = record(value, path)
  const name = text(operator.name, `${path}.name`)
  return (['logs', 'tiled_logs'] as const).flatMap(kind => {
    if (operator[kind] === undefined) return []
    return array(operator[kind], `${path}.${kind}`).map((log, i) => readLog(log, name, `${path}.${kind}[${i}]`))
  })
}

function readLog(value: unknown, operator: string, path: string): CtLogSource {
  const log = record(value, path)
  const previous = log.previous_operators
  return {
    id: base64(log.log_id, `${path}.log_id`),
    key: base64(log.key, `${path}.key`),
    operator,
    ...(previous !== undefined && { previousOperators: readPrevious(previous, `${path}.previous_operators`) }),
    ...(log.description !== undefined && { description: text(log.description, `${path}.description`) }),
    ...(log.state === undefined ? { state: 'pending' as const } : readState(log.state, `${path}.state`)),
    ...(log.temporal_interval !== undefined && { temporalInterval: readInterval(log.temporal_interval, `${path}.temporal_interval`) }),
  }
}

/** An object with one member, which has the state's name. */
function readState(value: unknown, path: string): { readonly state: CtLogState; readonly since: number } {
  const [entry, second] = Object.entries(record(value, path))
  const state = ctLogStates.find(each => each === entry?.[0])
  if (!entry || !state || second) throw new TypeError(`${path} is not one of ${ctLogStates.join(', ')}`)
  return { state, since: moment(record(entry[1], `${path}.${state}`).timestamp, `${path}.${state}.timestamp`) }
}

function readInterval(value: unknown, path: string): TemporalInterval {
  const interval = record(value, path)
  return {
    start: moment(interval.start_inclusive, `${path}.start_inclusive`),
    end: moment(interval.end_exclusive, `${path}.end_exclusive`),
  }
}

function readPrevious(value: unknown, path: string): PreviousOperator[] {
  const previous = array(value, path).map((each, i) => {
    const operator = record(each, `${path}[${i}]`)
    return { name: text(operator.name, `${path}[${i}].name`), until: moment(operator.end_time, `${path}[${i}].end_time`) }
  })
  return previous.sort((a, b) => a.until - b.until)
}

function record(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError(`${path} is not an object`)
  return value as Readonly<Record<string, unknown>>
}

function array(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`${path} is not an array`)
  return value
}

function text(value: unknown, path: string): string {
  if (typeof value !== 'string' || value === '') throw new TypeError(`${path} is not a text`)
  return value
}

/** RFC 3339 in UTC. */
function moment(value: unknown, path: string): number {
  const fits = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value)
  const time = fits ? Date.parse(value) : Number.NaN
  if (Number.isNaN(time)) throw new TypeError(`${path} is not a time like 2026-01-01T00:00:00Z`)
  return time
}

function base64(value: unknown, path: string): Uint8Array {
  return decodeBase64(text(value, path), path)
}
