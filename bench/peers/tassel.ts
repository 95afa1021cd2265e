/** Tassel itself: `connectTls` of tassel/node, on any provider. */
import type { CryptoProvider } from '../../src/crypto/provider.ts'
import { connectTls } from '../../src/node/index.ts'
import { createTrustStore } from '../../src/x509/index.ts'
import { kept, type Library, StreamLine, settled } from './library.ts'

export function tassel(crypto: CryptoProvider): Library {
  const trustIn = kept(root => createTrustStore({ roots: [root], crypto }))
  return {
    name: `tassel/${crypto.name}`,
    async connect({ port, serverName, rootPem, cipherSuite, group }) {
      const trust = trustIn(rootPem)
      const stream = connectTls({ host: '127.0.0.1', port, serverName, trust, crypto, cipherSuites: [cipherSuite], groups: [group] })
      const line = new StreamLine(stream, stream.transport)
      await settled(stream.connected(), stream.transport)
      return line
    },
  }
}
