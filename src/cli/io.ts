/** The process as the commands see it, so that a test can stand in. */
import type { Readable, Writable } from 'node:stream'

export interface Io {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  /** Aborted when the user wants it to end (SIGINT, SIGTERM). */
  readonly stop: AbortSignal
}
