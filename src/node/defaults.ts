/** What Node.js has for the options that an application leaves out. */
import { createNodeProvider } from '../crypto/node.ts'
import type { CryptoProvider } from '../crypto/provider.ts'
import type { CommonOptions } from '../types.ts'

/** The Node provider and the system clock where the options name none. */
export function withDefaults<Options extends CommonOptions>(options: Options): Options & Required<Pick<CommonOptions, 'crypto' | 'now'>> {
  return { ...options, crypto: options.crypto ?? nodeProvider(), now: options.now ?? Date.now }
}

let shared: CryptoProvider | undefined

/** One for the whole process. */
export function nodeProvider(): CryptoProvider {
  shared ??= createNodeProvider()
  return shared
}
