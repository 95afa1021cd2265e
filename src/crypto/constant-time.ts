/**
 * Whether two byte strings are equal, in a time that depends on their length alone. For MACs and whatever else an attacker may
 * guess byte by byte. The length is not hidden: strings of different length are unequal at once.
 */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}
