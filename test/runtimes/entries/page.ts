/** The suite in a page, which sends the results to where it came from. */
import { runHere } from './web.ts'

await fetch('/results', { method: 'POST', body: JSON.stringify(await runHere()) })
