/** What a guest is told of a failure: its code, then what was wrong, in one line. */
export function debugString(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure)
  const code: unknown = 'code' in failure ? failure.code : undefined
  return typeof code === 'string' ? `${code}: ${failure.message}` : failure.message
}
