import { groupNames, signatureSchemeNames } from '../crypto/code-points.ts'
import { typeOfCode } from '../handshake/certificate-type.ts'
import type { Agreed } from '../handshake/dialogue.ts'
import type { Established } from '../handshake/established.ts'
import type { ConnectionInfo, HandshakeProgress, VerifiedPeer } from '../types.ts'
import { toText } from '../wire/bytes.ts'
import { restoredPeer } from '../x509/verdict.ts'

/** What a finished handshake is to the application. */
export function describeConnection(established: Omit<Established, 'secrets'>): ConnectionInfo {
  const { suite, group, signatureScheme, psk, alpn, serverName, localIdentity, retried } = established
  return {
    protocolVersion: 'TLSv1.3',
    cipherSuite: suite.name,
    group: group && (groupNames.get(group.group) ?? group.name),
    signatureScheme: signatureScheme === undefined ? undefined : signatureSchemeNames.get(signatureScheme),
    alpn: alpn && toText(alpn),
    serverName,
    peer: peerOf(established),
    localIdentity,
    resumed: psk?.session !== undefined,
    pskIdentity: psk?.externalIdentity,
    retried,
  }
}

/** What there is to say of a handshake that goes on. */
export function describeProgress({ suite, alpn, serverName }: Partial<Agreed>): HandshakeProgress {
  return { cipherSuite: suite?.name, alpn: alpn && toText(alpn), serverName }
}

/** Who proved itself here, or in the handshake whose session was resumed. */
function peerOf({ peer, psk }: Pick<Established, 'peer' | 'psk'>): VerifiedPeer | undefined {
  const session = psk?.session
  if (peer || !session || session.peer_chain.length === 0) return peer
  return restoredPeer(session.peer_chain, typeOfCode(session.peer_type), session.peer_verified === 1)
}
