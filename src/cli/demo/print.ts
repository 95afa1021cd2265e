/** The look of the demo: headings, marks and aligned columns; colours where a terminal shows them. */
import { styleText } from 'node:util'

const colours = process.stdout.isTTY === true && process.env.NO_COLOR === undefined

export function paint(style: 'bold' | 'dim' | 'green' | 'red' | 'cyan', text: string): string {
  return colours ? styleText(style, text) : text
}

export function print(line = ''): void {
  process.stdout.write(`${line}\n`)
}

export function heading(text: string): void {
  print()
  print(paint('bold', text))
}

/** A result, with the time that it took at the right edge. */
export function success(text: string, milliseconds?: number): void {
  const time = milliseconds === undefined ? '' : `${milliseconds.toFixed(1)} ms`
  print(`  ${paint('green', '✓')} ${text.padEnd(width - 5 - time.length)} ${paint('dim', time)}`.trimEnd())
}

export function failure(text: string): void {
  print(`  ${paint('red', '✗')} ${text}`)
}

const width = 100
