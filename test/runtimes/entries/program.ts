/** The suite as a program of Node.js, Deno or Bun: prints the results, one line of JSON. */
import { runHere } from './web.ts'

console.log(JSON.stringify(await runHere()))
