/** Chains with random features before us, before `openssl verify`, and before GnuTLS's `certtool --verify`: who decides otherwise, and why. */
import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { describeWith, findProgram, inPeers, type Program } from '../../interop/child.ts'
import { providers } from '../../providers.ts'
import { type Difference, gnutlsDifferences, gnutlsFeatures, opensslDifferences, opensslErrors } from './differences.ts'
import { judgeByGnutls, judgeByOpenssl, judgeOurselves, type OpensslVerdict, type OurVerdict } from './judges.ts'
import { type Case, mintCases } from './mint.ts'

/** Which chains there are: others with another seed, and some of the differences may then not be among them. */
const seed = 20_250_601
const count = 220

const system = findProgram({ name: 'openssl', command: ['openssl'], probe: ['version'], hint: 'apt-get install openssl' })
const newer = findProgram({
  name: 'openssl-3.5',
  command: [inPeers('openssl-3.5/run'), 'openssl'],
  probe: ['version'],
  hint: 'run scripts/peers',
})
const certtool = findProgram({ name: 'certtool', command: ['certtool'], probe: ['--version'], hint: 'apt-get install gnutls-bin' })

const [crypto] = providers()
if (!crypto) throw new Error('there is a provider')

/** The same for both versions. */
let minted: Promise<readonly Case[]> | undefined
const cases = () => (minted ??= mintCases({ seed, count, moment: Date.UTC(2030, 0, 1) }))

for (const [program, title] of [
  [system, 'OpenSSL'],
  [newer, 'OpenSSL 3.5'],
] as const) {
  describeWith(program, `${title} and chains with random features`, () => {
    const version = versionOf(program)
    const differences = opensslDifferences.filter(({ until = Number.POSITIVE_INFINITY }) => version < until)
    const seen = new Set<string>()

    it('decides as we do, for the same reason, with the same policies; or the difference is listed', async () => {
      const tally = { accepted: 0, refused: 0, policies: 0, otherwise: new Map<string, number>() }
      const wrong: string[] = []
      await each(
        await cases(),
        one => judgeByOpenssl(program, one),
        (one, theirs) => {
          const ours = judgeOurselves(one, crypto)
          const problem = disagreement(one, ours, theirs)
          const listed = problem === undefined ? undefined : differences.find(({ fits }) => fits(one.draft, ours, theirs))
          if (listed) tally.otherwise.set(listed.reason, (tally.otherwise.get(listed.reason) ?? 0) + 1)
          else if (problem !== undefined) wrong.push(tell(one, ours, `${problem}\n${theirs.text}`))
          else if (theirs.accepted) tally.accepted++
          else tally.refused++
          if (theirs.accepted && theirs.policies) tally.policies++
        },
      )
      for (const reason of tally.otherwise.keys()) seen.add(reason)
      console.info(
        `${title}: ${tally.accepted} accepted and ${tally.refused} refused by both, ${tally.policies} policy sets; otherwise:\n${table(tally.otherwise)}`,
      )
      expect(wrong).toEqual([])
      expect(Math.min(tally.accepted, tally.refused)).toBeGreaterThan(count / 5)
      expect(tally.policies).toBeGreaterThan(5)
    })

    it('needs every difference in the list', () => {
      expect(differences.map(({ reason }) => reason).filter(reason => !seen.has(reason))).toEqual([])
    })
  })
}

describeWith(certtool, 'GnuTLS and chains with random features', () => {
  it('decides as we do, or the difference is listed', async () => {
    const tally = { accepted: 0, refused: 0, otherwise: new Map<string, number>() }
    const wrong: string[] = []
    // It judges by the clock.
    const moment = Math.floor(Date.now() / 1000) * 1000
    const chains = await mintCases({ seed, count: Math.floor(count / 2), moment, from: gnutlsFeatures })
    await each(
      chains,
      one => judgeByGnutls(certtool, one),
      (one, theirs) => {
        const ours = judgeOurselves(one, crypto)
        const agrees = theirs.accepted === (ours.code === undefined)
        const listed = agrees ? undefined : gnutlsDifferences.find(({ fits }) => fits(one.draft, ours, theirs))
        if (listed) tally.otherwise.set(listed.reason, (tally.otherwise.get(listed.reason) ?? 0) + 1)
        else if (!agrees) wrong.push(tell(one, ours, theirs.text))
        else if (theirs.accepted) tally.accepted++
        else tally.refused++
      },
    )
    console.info(`GnuTLS: ${tally.accepted} accepted and ${tally.refused} refused by both; otherwise:\n${table(tally.otherwise)}`)
    expect(wrong).toEqual([])
    expect(Math.min(tally.accepted, tally.refused)).toBeGreaterThan(15)
    expect(unseen(gnutlsDifferences, tally.otherwise)).toEqual([])
  })
})

/** 3.5 of `OpenSSL 3.5.1`; 0 where the program is missing. */
function versionOf(program: Program): number {
  if (program.missing !== undefined) return 0
  const [file, ...first] = program.command
  const said = spawnSync(file, [...first, 'version'], { encoding: 'utf8' }).stdout
  return Number(/^OpenSSL (\d+\.\d+)/.exec(said)?.[1] ?? 0)
}

/** What is not the same: the verdict, the policies, or where there is one fault alone, which. `undefined`: nothing. */
function disagreement({ draft }: Case, ours: OurVerdict, theirs: OpensslVerdict): string | undefined {
  if (theirs.accepted !== (ours.code === undefined)) return `${theirs.accepted ? 'it accepts' : 'it refuses'}, we do not`
  if (ours.code !== undefined) {
    const known = opensslErrors[ours.code]
    return draft.features.length > 1 || theirs.errors.some(error => known?.includes(error)) ? undefined : 'its errors are other ones'
  }
  return theirs.policies && String(theirs.policies) !== String(ours.policies) ? `its policies are ${theirs.policies}` : undefined
}

/** Two programs at a time. */
async function each<V>(cases: readonly Case[], judge: (one: Case) => Promise<V>, see: (one: Case, verdict: V) => void): Promise<void> {
  const left = [...cases]
  const work = async () => {
    for (let one = left.shift(); one; one = left.shift()) see(one, await judge(one))
  }
  await Promise.all([work(), work()])
}

function tell({ number, draft }: Case, { message, policies }: OurVerdict, theirs: string): string {
  return `chain ${number} of ${draft.features.join(', ')}: we say ${message} ${policies.join()}; ${theirs}`
}

function unseen(list: readonly Difference<never>[], seen: ReadonlyMap<string, number>): string[] {
  return list.map(({ reason }) => reason).filter(reason => !seen.has(reason))
}

function table(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([reason, count]) => `  ${String(count).padStart(3)}  ${reason}`).join('\n')
}
