/** `npm run fuzz:x509 [-- SEED [COUNT]]`: prints the seed, so that a run can be had again. */
import { fuzz } from './x509.ts'

const [seed = Date.now() % 2 ** 32, count = 1_000_000] = process.argv.slice(2).map(Number)
if (!Number.isInteger(seed) || !Number.isInteger(count) || count < 1) {
  console.error('usage: npm run fuzz:x509 [-- SEED [COUNT]], both integers')
  process.exit(2)
}
console.log(`seed ${seed}, ${count} inputs`)
let largest = 0
const tally = fuzz(seed, count, done => {
  largest = Math.max(largest, process.memoryUsage().rss)
  console.log(`${done} done`)
})
for (const [kind, { inputs, read, believed }] of Object.entries(tally.kinds)) {
  console.log(`${kind.padEnd(28)} ${inputs} inputs, ${read} well formed, ${believed} believed`)
}
console.log(`the slowest took ${tally.slowest.toFixed(0)} ms; ${(largest / 2 ** 20).toFixed(0)} MiB of memory at most`)
console.log(`seed ${seed}, ${count} inputs: nothing was thrown but CertificateError, nothing believed whose signed bytes had changed`)
