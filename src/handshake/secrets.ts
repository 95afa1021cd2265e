/** When which secret of the key schedule comes to life, and ends (RFC 9846 §7.1), the same for both roles. */
import type { CipherSuite } from '../crypto/provider.ts'
import { earlyStage, type HandshakeStage, type MainStage } from '../schedule/key-schedule.ts'
import type { Secrets } from './established.ts'
import type { Exchange } from './exchange.ts'

/** After ServerHello. */
export interface HandshakeSecrets {
  readonly stage: HandshakeStage
  readonly client: Uint8Array
  readonly server: Uint8Array
}

/** After the server's Finished. */
export interface ApplicationSecrets {
  readonly stage: MainStage
  readonly client: Uint8Array
  readonly server: Uint8Array
  readonly exporter: Uint8Array
}

/** What the key schedule starts from: a key exchange, a PSK, or both. */
export interface SharedSecrets {
  readonly keyExchange: Uint8Array | undefined
  readonly psk: Uint8Array | undefined
}

/** Once ServerHello is in the transcript; erases the secret of the key exchange. The caller takes the keys into use, each direction at its moment. */
export function handshakeSecrets(
  { settings, transcript, clientRandom }: Exchange,
  suite: CipherSuite,
  shared: SharedSecrets,
): HandshakeSecrets {
  const stage = earlyStage(suite.hash, shared.psk).handshake(shared.keyExchange)
  shared.keyExchange?.fill(0)
  const digest = transcript.digest()
  const secrets = { stage, client: stage.clientTrafficSecret(digest), server: stage.serverTrafficSecret(digest) }
  settings.logSecret('CLIENT_HANDSHAKE_TRAFFIC_SECRET', clientRandom, secrets.client)
  settings.logSecret('SERVER_HANDSHAKE_TRAFFIC_SECRET', clientRandom, secrets.server)
  return secrets
}

/** Once the server's Finished is in the transcript. The caller takes the keys into use, each direction at its moment. */
export function applicationSecrets({ settings, transcript, clientRandom }: Exchange, handshake: HandshakeSecrets): ApplicationSecrets {
  const stage = handshake.stage.main()
  const digest = transcript.digest()
  const client = stage.clientTrafficSecret(digest)
  const server = stage.serverTrafficSecret(digest)
  const exporter = stage.exporterSecret(digest)
  settings.logSecret('CLIENT_TRAFFIC_SECRET_0', clientRandom, client)
  settings.logSecret('SERVER_TRAFFIC_SECRET_0', clientRandom, server)
  settings.logSecret('EXPORTER_SECRET', clientRandom, exporter)
  return { stage, client, server, exporter }
}

/** Once the client's Finished is in the transcript: what outlives the handshake; the rest is erased. */
export function lastingSecrets({ transcript }: Exchange, handshake: HandshakeSecrets, application: ApplicationSecrets): Secrets {
  const resumption = application.stage.resumptionSecret(transcript.digest())
  application.stage.destroy()
  handshake.client.fill(0)
  handshake.server.fill(0)
  return { clientTraffic: application.client, serverTraffic: application.server, exporter: application.exporter, resumption }
}
