/** The suite where there is nothing but the language: what it needs of the world is handed in. */
import { type Result, runSuite } from '../suite/main.ts'

/** `random` gives an ArrayBuffer of that many bytes, `now` milliseconds since 1970. Gives the results as JSON: text is what passes a border easily. */
export async function run(random: (size: number) => ArrayBuffer, now: () => number): Promise<string> {
  const results: Result[] = await runSuite({ random: size => new Uint8Array(random(size)), now, providerName: 'noble', streams: false })
  return JSON.stringify(results)
}
