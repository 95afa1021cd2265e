/** How many SCTs of which logs are enough. */
import type { Certificate } from '../certificate/certificate.ts'
import { type CtLog, isApproved, operatorAt } from './logs.ts'
import type { SctSource, SctVerdict } from './verdict.ts'

/** The numbers of the policy; every one is a whole number from 1 on. */
export interface CtMinimum {
  /** Logs of embedded SCTs, for certificates of a lifetime of at most `shortLifetime`. Default: 2. */
  readonly short: number
  /** Logs of embedded SCTs, for certificates of a longer lifetime. Default: 3. */
  readonly long: number
  /** In days of 86,400 s, the first and the last second of validity included. Default: 180. */
  readonly shortLifetime: number
  /** Logs of SCTs from OCSP and TLS. Default: 2. */
  readonly delivered: number
  /** Operators among these logs, in either way. Default: 2. */
  readonly operators: number
}

const defaults: CtMinimum = { short: 2, long: 3, shortLifetime: 180, delivered: 2, operators: 2 }

/** Throws `TypeError` for a number that is none of the policy's. */
export function checkMinimum(minimum: Partial<CtMinimum> | undefined): CtMinimum {
  const checked = { ...defaults, ...minimum }
  for (const [name, value] of Object.entries(checked)) {
    if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`minimum.${name} is a whole number from 1 on, not ${value}`)
  }
  return checked
}

/**
 * Why the SCTs are not enough; `undefined` where they are. There are two ways to be enough, and SCTs of one do not count in the other:
 *
 * - embedded: valid SCTs of 2 logs in the certificate, 3 where its lifetime is above 180 days, by 2 operators; one of the logs is approved
 *   at `now`, the others may have retired since their SCT;
 * - delivered by OCSP or TLS: valid SCTs of 2 logs that are approved at `now`, by 2 operators.
 *
 * This is Chrome's policy for certificates issued since April 2022 (https://googlechrome.github.io/CertificateTransparency/ct_policy.html):
 * the table of lifetimes, the states of logs, distinct operators, the operator at the SCT's time. Apple's
 * (https://support.apple.com/en-us/103214) asks for the same numbers in other words, at most 1 or 2 of the SCTs by one operator; from there
 * comes how a lifetime is counted, its last second included. Where the two differ, or leave room, this one
 *
 * - does not let embedded and delivered SCTs add up, as Chrome does not; Apple would;
 * - does not insist on a log of RFC 6962 among those of static-ct-api, as Chrome gave up to do in April 2026; Apple does;
 * - compares the retirement of a log with the log's own SCT, not with the earliest one of all, which Chrome takes;
 * - counts only certificates within the log's temporal interval, about which both are silent.
 */
export function policyProblem(
  verdicts: readonly SctVerdict[],
  certificate: Pick<Certificate, 'notBefore' | 'notAfter'>,
  now: number,
  minimum: CtMinimum,
): string | undefined {
  const valid = verdicts.filter(({ status }) => status === 'valid')
  const embedded = embeddedProblem(valid.filter(from('certificate')), lifetimeOf(certificate), now, minimum)
  const delivered = deliveredProblem(valid.filter(from('ocsp', 'tls')), now, minimum)
  if (!embedded || !delivered) return undefined
  if (verdicts.length === 0) return 'there is no SCT'
  return `${embedded}, and ${delivered}${describeOthers(verdicts)}`
}

function embeddedProblem(scts: readonly SctVerdict[], days: number, now: number, minimum: CtMinimum): string | undefined {
  const needed = days > minimum.shortLifetime ? minimum.long : minimum.short
  const { logs, operators } = spread(scts)
  if (logs.length < needed) return `${needed} logs have to vouch in a certificate that is good for ${days} days, ${logs.length} do`
  if (operators < minimum.operators)
    return `the logs that vouch in the certificate are of ${operators} operators, ${minimum.operators} are needed`
  return logs.some(log => isApproved(log, now)) ? undefined : 'of the logs that vouch in the certificate none is approved any more'
}

function deliveredProblem(scts: readonly SctVerdict[], now: number, minimum: CtMinimum): string | undefined {
  const { logs, operators } = spread(scts.filter(({ log }) => log && isApproved(log, now)))
  if (logs.length < minimum.delivered) return `by OCSP and TLS ${logs.length} approved logs vouch, ${minimum.delivered} are needed`
  if (operators >= minimum.operators) return undefined
  return `the logs that vouch by OCSP and TLS are of ${operators} operators, ${minimum.operators} are needed`
}

/** The logs, each once, and how many operators they have. */
function spread(scts: readonly SctVerdict[]): { readonly logs: readonly CtLog[]; readonly operators: number } {
  const pairs = scts.flatMap(({ log, sct }) => (log && sct ? [{ log, operator: operatorAt(log, sct.timestamp) }] : []))
  return { logs: [...new Set(pairs.map(({ log }) => log))], operators: new Set(pairs.map(({ operator }) => operator)).size }
}

/** A second more than a day's end is another day, as Apple counts; notAfter is the last second of validity (RFC 5280 §4.1.2.5). */
function lifetimeOf({ notBefore, notAfter }: Pick<Certificate, 'notBefore' | 'notAfter'>): number {
  return Math.ceil((notAfter + 1000 - notBefore) / 86_400_000)
}

function from(...sources: readonly SctSource[]): (verdict: SctVerdict) => boolean {
  return ({ source }) => sources.includes(source)
}

/** The SCTs that count nowhere, by their status. */
function describeOthers(verdicts: readonly SctVerdict[]): string {
  const counts = new Map<string, number>()
  for (const { status } of verdicts) if (status !== 'valid') counts.set(status, (counts.get(status) ?? 0) + 1)
  return counts.size === 0 ? '' : ` (not counted: ${[...counts].map(([status, count]) => `${count} ${status}`).join(', ')})`
}
