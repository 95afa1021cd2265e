/** When which secret of the key schedule comes to life, and ends (RFC 9846 §7.1), the same for both roles. */
import type { CipherSuite } from '../crypto/provider.ts'
import { earlyStage, type HandshakeStage, type MainStage } from '../schedule/key-schedule.ts'
import type { Secrets } from './established.ts'
import type { Exchange } from './exchange.ts'

/** After ServerHello. Whoever made them calls `erase` in the end, however the handshake ends. */
export interface HandshakeSecrets {
  readonly stage: HandshakeStage
  readonly client: Uint8Array
  readonly server: Uint8Array
  /** Those that came after, until they are handed on. */
  application?: ApplicationSecrets | undefined
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
  const secrets: HandshakeSecrets = { stage, client: stage.clientTrafficSecret(digest), server: stage.serverTrafficSecret(digest) }
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
  handshake.application = { stage, client, server, exporter }
  return handshake.application
}

/** Once the client's Finished is in the transcript: what outlives the handshake. */
export function lastingSecrets({ transcript }: Exchange, handshake: HandshakeSecrets, application: ApplicationSecrets): Secrets {
  const resumption = application.stage.resumptionSecret(transcript.digest())
  application.stage.destroy()
  handshake.application = undefined
  return { clientTraffic: application.client, serverTraffic: application.server, exporter: application.exporter, resumption }
}

/** Erases all that was not handed on. */
export function erase({ stage, client, server, application }: HandshakeSecrets): void {
  stage.destroy()
  application?.stage.destroy()
  for (const secret of [client, server, application?.client, application?.server, application?.exporter]) secret?.fill(0)
}
