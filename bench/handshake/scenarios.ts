/** What is measured: which handshakes, with which certificates. */
import { type Authority, type Minted, mintAuthority } from '../../src/testing/index.ts'

export type Key = 'P-256' | 'RSA-2048' | 'Ed25519'
export type Group = 'x25519' | 'X25519MLKEM768'
/** `mutual`: the client proves itself too, with a key of the same kind. */
export type Kind = 'full' | 'mutual' | 'resumed' | '0-RTT'

export interface Scenario {
  readonly kind: Kind
  readonly key: Key
  readonly group: Group
}

export const scenarios: readonly Scenario[] = [
  { kind: 'full', key: 'P-256', group: 'x25519' },
  { kind: 'full', key: 'RSA-2048', group: 'x25519' },
  { kind: 'full', key: 'Ed25519', group: 'x25519' },
  { kind: 'full', key: 'P-256', group: 'X25519MLKEM768' },
  { kind: 'mutual', key: 'P-256', group: 'x25519' },
  { kind: 'resumed', key: 'P-256', group: 'x25519' },
  { kind: '0-RTT', key: 'P-256', group: 'x25519' },
]

export function nameOf({ kind, key, group }: Scenario): string {
  return [kind, ...(hasPsk(kind) ? [] : [key]), group].join(', ')
}

export function hasPsk(kind: Kind): boolean {
  return kind === 'resumed' || kind === '0-RTT'
}

export const serverName = 'www.example.com'

/** Root, intermediate and end entities; a peer sends the last two. All but the end entities' keys are P-256, as with most web CAs of today. */
export interface Credentials {
  readonly root: Authority
  readonly intermediate: Authority
  readonly server: Minted
  readonly client: Minted
}

export async function mintCredentials(key: Key): Promise<Credentials> {
  const root = await mintAuthority({ name: 'Example Root' })
  const intermediate = await root.issueAuthority({ name: 'Example Issuing Authority', pathLength: 0 })
  return {
    root,
    intermediate,
    server: await intermediate.issue({ key, names: [serverName] }),
    client: await intermediate.issue({ key, names: ['client.example.com'] }),
  }
}

/** As it is sent. */
export function chainOf({ intermediate }: Credentials, { certificateDer }: Minted): readonly Uint8Array[] {
  return [certificateDer, intermediate.certificateDer]
}
