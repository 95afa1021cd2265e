/**
 * The limit: the cryptography that a handshake can't do without, call by call on the library itself, with nothing around it. Of both sides,
 * this is counted:
 *
 * - the key exchange: two key pairs with their public halves, two secrets, the peer's share imported each time;
 * - two randoms and a session id of 32 bytes each;
 * - CertificateVerify: one signature and one verification; of the chain, the signatures under the intermediate and the end entity. Each
 *   twice where the client proves itself too. All these keys are imported beforehand;
 * - the transcript: every message hashed once by each side, and as many digests of what there is so far as there are different ones;
 * - the key schedule: an HMAC for each Extract, each Expand, each Finished and each binder. What is the same in every handshake (the early
 *   secret without a PSK, and what is derived from it) is not counted;
 * - the records of the flights, sealed once and opened once; with a PSK the ticket, opened once.
 */
import { hasPsk, type Kind, type Scenario } from './scenarios.ts'

export interface BareCrypto {
  /** A client's key pair. */
  generate(): { readonly share: Uint8Array; agree(peer: Uint8Array): Uint8Array }
  /** A server's key pair, and the secret with the client's share. */
  respond(peer: Uint8Array): { readonly share: Uint8Array; readonly secret: Uint8Array }
  random(size: number): Uint8Array
  /** A transcript, of SHA-256. */
  transcript(): { add(message: Uint8Array): void; digest(): Uint8Array }
  /** HMAC-SHA-256. */
  hmac(key: Uint8Array, data: Uint8Array): Uint8Array
  /** The signature of a CertificateVerify, and its check. */
  sign(content: Uint8Array): Uint8Array
  verify(content: Uint8Array, signature: Uint8Array): boolean
  /** The check of one signature in the chain. */
  verifyCertificate(): boolean
  seal(nonce: Uint8Array, header: Uint8Array, text: Uint8Array): Uint8Array
  open(nonce: Uint8Array, header: Uint8Array, sealed: Uint8Array): Uint8Array
  /** A ticket, which is sealed by AES-256-GCM. */
  openTicket(): Uint8Array
}

/** One handshake's worth of calls. `messages`: the sizes of the handshake messages. */
export function bareHandshake({ kind }: Scenario, crypto: BareCrypto, messages: readonly number[]): () => void {
  const bytes = messages.map(size => new Uint8Array(size).fill(5))
  const records = recordsOf(kind, messages).map(size => new Uint8Array(size).fill(6))
  const proofs = hasPsk(kind) ? 0 : kind === 'mutual' ? 2 : 1
  return () => {
    const pair = crypto.generate()
    for (let i = 0; i < 3; i++) crypto.random(32)
    const answer = crypto.respond(pair.share)
    pair.agree(answer.share)
    for (const _ of ['client', 'server']) {
      transcribe(crypto, bytes, digests[kind])
      for (let i = 0; i < hmacs[kind]; i++) crypto.hmac(secret, hkdfInput)
    }
    for (let i = 0; i < proofs; i++) prove(crypto)
    if (hasPsk(kind)) crypto.openTicket()
    for (const record of records) crypto.open(nonce, header, crypto.seal(nonce, header, record))
  }
}

function transcribe(crypto: BareCrypto, messages: readonly Uint8Array[], count: number): void {
  const transcript = crypto.transcript()
  for (const message of messages) transcript.add(message)
  for (let i = 0; i < count; i++) transcript.digest()
}

function prove(crypto: BareCrypto): void {
  const good = crypto.verifyCertificate() && crypto.verifyCertificate() && crypto.verify(signed, crypto.sign(signed))
  if (!good) throw new Error('a signature was refused')
}

/**
 * Digests that differ: up to ServerHello, Certificate, CertificateVerify, the server's Finished, the client's Finished; the client's
 * Certificate and CertificateVerify; for a binder, the hello without it; for early data, the hello whole.
 */
const digests: Readonly<Record<Kind, number>> = { full: 5, mutual: 7, resumed: 5, '0-RTT': 7 }

/**
 * Of one side. Full: 2 Extracts, `derived` once, 2 + 3 + 1 secrets of the handshake, the application and the resumption, 4 keys and 4 IVs, 2
 * Finished of two HMACs each. A PSK adds its Extract and its `derived`, and for the binder a key, a key of Finished and the MAC. Early data adds
 * 2 secrets, a key and an IV.
 */
const hmacs: Readonly<Record<Kind, number>> = { full: 21, mutual: 21, resumed: 26, '0-RTT': 30 }

/** The server's flight, then the client's; early data before, and EndOfEarlyData, in records of their own. */
function recordsOf(kind: Kind, messages: readonly number[]): readonly number[] {
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0)
  const [, , ...encrypted] = messages
  const ofClient = kind === 'mutual' ? 3 : kind === '0-RTT' ? 2 : 1
  const flights = [sum(encrypted.slice(0, -ofClient)), sum(encrypted.slice(-ofClient))]
  return kind === '0-RTT' ? [200, 4, ...flights] : flights
}

const secret = new Uint8Array(32).fill(1)
/** As long as most: HkdfLabel with a label of ten characters and a hash, and the counter. */
const hkdfInput = new Uint8Array(54).fill(2)
const nonce = new Uint8Array(12).fill(3)
const header = new Uint8Array(5).fill(4)
/** As long as the contents of CertificateVerify. */
const signed = new Uint8Array(130).fill(7)
