/** Cases that are judged differently here on purpose, each with its reason. */

/** Names of cases by the reason why their expectation does not hold here. */
export type Exceptions = Readonly<Record<string, readonly string[]>>

/** The names in a table, sorted. A name that stands there twice throws. */
export function namesIn(exceptions: Exceptions): string[] {
  const names = Object.values(exceptions).flat().sort()
  const twice = names.find((name, i) => name === names[i - 1])
  if (twice !== undefined) throw new Error(`${twice} is excepted twice`)
  return names
}
