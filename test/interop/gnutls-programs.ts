/** GnuTLS's programs as Debian has them, and their language for what may be negotiated. */
import { findProgram } from './child.ts'

// Line by line, or what the programs say stays with them while they run.
const hint = 'apt-get install gnutls-bin'
export const server = findProgram({ name: 'gnutls-serv', command: ['stdbuf', '-oL', 'gnutls-serv'], probe: ['--version'], hint })
export const client = findProgram({ name: 'gnutls-cli', command: ['stdbuf', '-oL', 'gnutls-cli'], probe: ['--version'], hint })
/** The one that is missing, if one is. */
export const both = server.missing === undefined ? client : server

/** The arguments with `more` at the end of their priority string. */
export function withPriority(args: readonly string[], more: string): string[] {
  return args.map((arg, i) => (args[i - 1] === '--priority' && more !== '' ? `${arg}:${more}` : arg))
}
