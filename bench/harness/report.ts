/** What a run has found: printed as tables while it goes on, and kept for JSON, Markdown and the plot. */
import type { Figure } from './measure.ts'

/** What a figure has to reach, as the issue tracker's bars put it. */
export interface Bar {
  readonly atLeast?: number
  readonly atMost?: number
}

export interface Cell {
  readonly figure: Figure
  /** Digits behind the point. Default: three that count. */
  readonly digits?: number
  readonly bar?: Bar
}

export interface Row {
  readonly name: string
  /** By column; a column without a cell stays empty. */
  readonly cells: Readonly<Record<string, Cell | undefined>>
}

export interface TableResult {
  readonly bench: string
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
}

/** One table: its rows are printed as they come. */
export class Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: Row[] = []
  readonly #widths: readonly number[]
  readonly #print: (line: string) => void

  constructor(title: string, columns: readonly string[], print: (line: string) => void) {
    this.title = title
    this.columns = columns
    this.#print = print
    this.#widths = columns.map(column => Math.max(16, column.length + 2))
    print(`\n${title}`)
    print([''.padEnd(nameWidth), ...columns.map((column, i) => column.padStart(this.#widths[i] ?? 0))].join(''))
  }

  row(name: string, cells: Row['cells']): void {
    this.rows.push({ name, cells })
    const texts = this.columns.map((column, i) => textOf(cells[column]).padStart(this.#widths[i] ?? 0))
    this.#print(name.padEnd(nameWidth) + texts.join(''))
  }
}

const nameWidth = 44

/** A figure with its spread, and whether it reaches its bar. */
export function textOf(cell: Cell | undefined): string {
  if (cell === undefined) return ''
  const { figure, digits, bar } = cell
  const spread = Math.round(((figure.high - figure.low) / 2 / figure.median) * 100)
  const mark = bar === undefined ? '' : reaches(figure, bar) ? ' ✓' : ' ✗'
  return `${numberText(figure.median, digits)}${spread > 0 ? ` ±${spread}%` : ''}${mark}`
}

export function reaches({ median }: Figure, { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY }: Bar): boolean {
  return median >= atLeast && median <= atMost
}

export function barText({ atLeast, atMost }: Bar): string {
  return [atLeast === undefined ? [] : [`≥ ${atLeast}`], atMost === undefined ? [] : [`≤ ${atMost}`]].flat().join(', ')
}

function numberText(value: number, digits: number | undefined): string {
  return value.toFixed(digits ?? Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(Math.abs(value) || 1)))))
}

/** The tables of a run as Markdown. */
export function markdown(tables: readonly TableResult[]): string {
  return tables
    .map(({ title, columns, rows }) => {
      const head = `| | ${columns.join(' | ')} |\n|---|${columns.map(() => '---:|').join('')}`
      const lines = rows.map(({ name, cells }) => `| ${name} | ${columns.map(column => markdownText(cells[column])).join(' | ')} |`)
      return `### ${title}\n\n${head}\n${lines.join('\n')}\n`
    })
    .join('\n')
}

function markdownText(cell: Cell | undefined): string {
  return cell?.bar === undefined ? textOf(cell) : `${textOf(cell)} (${barText(cell.bar)})`
}
