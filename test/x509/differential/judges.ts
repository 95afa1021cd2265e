/** Who judges chains: we, `openssl verify`, and GnuTLS's `certtool --verify`. */
import { execFile } from 'node:child_process'
import type { CryptoProvider } from '../../../src/crypto/provider.ts'
import type { FaultCode } from '../../../src/error.ts'
import { CertificateError, verifyChain } from '../../../src/x509/index.ts'
import type { Program } from '../../interop/child.ts'
import type { Case } from './mint.ts'

export interface OurVerdict {
  /** `undefined`: accepted. */
  readonly code: FaultCode | undefined
  readonly message: string
  readonly policies: readonly string[]
}

export interface OpensslVerdict {
  readonly accepted: boolean
  /** X509_V_ERR_…, by number. */
  readonly errors: readonly number[]
  /** The user-constrained policy set, where it was told. */
  readonly policies: readonly string[] | undefined
  readonly text: string
}

export function judgeOurselves({ draft, root, leaf, bag, crls }: Case, crypto: CryptoProvider): OurVerdict {
  try {
    const { policies } = verifyChain([leaf, ...bag], {
      crypto,
      anchors: [root],
      now: draft.moment,
      purpose: draft.purpose,
      keyUsage: ['digitalSignature'],
      ...(draft.name !== undefined && { name: draft.name }),
      ...(draft.policies && { policies: draft.policies }),
      ...(draft.crls && { revocation: { mode: 'hard', crls } }),
    })
    return { code: undefined, message: 'accepted', policies: [...policies].sort() }
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    return { code: error.code, message: error.message, policies: [] }
  }
}

export async function judgeByOpenssl(program: Program, { draft, files }: Case): Promise<OpensslVerdict> {
  const { root, leaf, bag, crls } = files
  const { name, policies } = draft
  const args = ['verify', '-CAfile', root, '-no-CApath', '-no-CAstore', '-auth_level', '2', '-attime', String(draft.moment / 1000)]
  args.push('-purpose', draft.purpose === 'server' ? 'sslserver' : 'sslclient')
  if (bag !== undefined) args.push('-untrusted', bag)
  if (name !== undefined) args.push(isAddress(name) ? '-verify_ip' : '-verify_hostname', name)
  if (policies) args.push('-policy_check', '-policy_print', ...(policies.initial ?? []).flatMap(policy => ['-policy', policy]))
  if (policies?.requireExplicit) args.push('-explicit_policy')
  if (policies?.inhibitMapping) args.push('-inhibit_map')
  if (policies?.inhibitAny) args.push('-inhibit_any')
  if (draft.crls) args.push('-crl_check_all', ...(crls === undefined ? [] : ['-CRLfile', crls]))
  if (draft.strict) args.push('-x509_strict')
  const { status, text } = await run(program, [...args, leaf])
  const errors = [...text.matchAll(/^error (\d+) at \d+ depth/gm)].map(([, number]) => Number(number))
  return { accepted: status === 0, errors, policies: policies && userPolicies(text), text }
}

export interface GnutlsVerdict {
  readonly accepted: boolean
  readonly text: string
}

/** At the time of the clock: GnuTLS 3.7 has no option for another. */
export async function judgeByGnutls(program: Program, { draft, files }: Case): Promise<GnutlsVerdict> {
  const { root, chain, crls } = files
  const { name, purpose } = draft
  const args = ['--verify', '--verify-profile', 'medium', '--load-ca-certificate', root, '--infile', chain]
  args.push('--verify-purpose', purpose === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2')
  if (name !== undefined) args.push('--verify-hostname', name)
  if (crls !== undefined) args.push('--load-crl', crls)
  const { status, text } = await run(program, args)
  return { accepted: status === 0, text }
}

function isAddress(name: string): boolean {
  return name.includes(':') || /^[\d.]+$/.test(name)
}

/** What `-policy_print` lists as "User Policies"; nothing of authority policies. */
function userPolicies(text: string): string[] {
  const [, listed = ''] = /^User Policies:(.*(?:\n {2}.*)*)/m.exec(text) ?? []
  return [...listed.matchAll(/^ +(?:Policy: )?(\d[\d.]+\d|X509v3 Any Policy)/gm)]
    .map(([, id = '']) => (id.startsWith('X509') ? '2.5.29.32.0' : id))
    .sort()
}

function run(program: Program, args: readonly string[]): Promise<{ readonly status: number; readonly text: string }> {
  if (program.missing !== undefined) throw new Error(program.missing)
  const [file, ...first] = program.command
  return new Promise((resolve, reject) => {
    execFile(file, [...first, ...args], { timeout: 30_000 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error)
      else resolve({ status: typeof error?.code === 'number' ? error.code : 0, text: stdout + stderr })
    })
  })
}
