/** The values of RFC 8448 §3 that the suite computes again, as the vectors have them. */
import { readFileSync } from 'node:fs'

interface Step {
  readonly actor: string
  readonly op: string
  readonly fields: Readonly<Record<string, string>>
}

/** Also where this runs as JavaScript in `.runtimes`: the repository's root is where the tests and scripts are started. */
const file = 'vectors/rfc8448.json'

export function rfc8448Values() {
  const steps = simpleHandshake()
  const value = (actor: string, op: string, field: string): string => {
    const found = steps.find(step => step.actor === actor && step.op === op && step.fields[field] !== undefined)?.fields[field]
    if (found === undefined) throw new Error(`${file} has no '${field}' of ${actor}: ${op}`)
    return found
  }
  const protectedRecord = steps.find(({ fields }) => fields.payload?.startsWith('08'))
  return {
    clientPrivateKey: value('client', 'create an ephemeral x25519 key pair', 'private key'),
    clientShare: value('client', 'create an ephemeral x25519 key pair', 'public key'),
    serverShare: value('server', 'create an ephemeral x25519 key pair', 'public key'),
    sharedSecret: value('server', 'extract secret "handshake"', 'IKM'),
    clientHello: value('client', 'construct a ClientHello handshake message', 'ClientHello'),
    serverHello: value('server', 'construct a ServerHello handshake message', 'ServerHello'),
    clientHandshakeTraffic: value('server', 'derive secret "tls13 c hs traffic"', 'expanded'),
    serverHandshakeTraffic: value('server', 'derive secret "tls13 s hs traffic"', 'expanded'),
    serverHandshakeKey: value('server', 'derive write traffic keys for handshake data', 'key expanded'),
    serverHandshakeIv: value('server', 'derive write traffic keys for handshake data', 'iv expanded'),
    serverFlight: protectedRecord?.fields.payload ?? '',
    serverFlightRecord: protectedRecord?.fields['complete record'] ?? '',
    clientFinished: value('client', 'calculate finished "tls13 finished"', 'finished'),
    clientApplicationTraffic: value('server', 'derive secret "tls13 c ap traffic"', 'expanded'),
    serverApplicationTraffic: value('server', 'derive secret "tls13 s ap traffic"', 'expanded'),
    resumptionSecret: value('client', 'derive secret "tls13 res master"', 'expanded'),
  }
}

/** The records of RFC 8448 §3 in order: who sends, what is in it, and how it looks on the wire. */
export function rfc8448Records() {
  return simpleHandshake()
    .filter(({ op }) => /^send .* record$/.test(op))
    .map(({ actor, op, fields: { payload = '', 'complete record': record = '' } }) => ({ actor, op, payload, record }))
}

function simpleHandshake(): readonly Step[] {
  const { traces } = JSON.parse(readFileSync(file, 'utf8')) as { traces: { section: number; steps: Step[] }[] }
  return traces.find(({ section }) => section === 3)?.steps ?? []
}
