/** The figures that have a bar, as a drawing: each bar chart's line is how far the figure is beyond its bar, or short of it. */
import { barText, reaches, type TableResult, textOf } from './report.ts'

interface Line {
  readonly label: string
  readonly text: string
  /** 1 where the figure is exactly at its bar; above, it is better. */
  readonly reached: number
  readonly good: boolean
}

export function plot(tables: readonly TableResult[], title: string): string {
  const lines = tables.flatMap(linesOf)
  const height = top + lines.length * rowHeight + 30
  const ticks = [0.5, 1, 2, 4, 8].map(tick => ({ tick, x: position(tick) }))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
<text x="16" y="24" font-size="15" font-weight="600">${escaped(title)}</text>
${ticks.map(({ tick, x }) => `<line x1="${x}" x2="${x}" y1="${top - 8}" y2="${height - 28}" stroke="${tick === 1 ? '#333' : '#ddd'}"/><text x="${x}" y="${height - 12}" text-anchor="middle" fill="#666">${tick === 1 ? 'the bar' : `${tick} ×`}</text>`).join('\n')}
${lines.map(drawn).join('\n')}
</svg>
`
}

const width = 1000
const top = 48
const rowHeight = 20
const chart = { from: 420, to: 800 }

function linesOf({ columns, rows, title }: TableResult): Line[] {
  return rows.flatMap(({ name, cells }) =>
    columns.flatMap(column => {
      const cell = cells[column]
      if (cell?.bar === undefined) return []
      const { figure, bar } = cell
      const reached = bar.atMost === undefined ? figure.median / (bar.atLeast ?? 1) : bar.atMost / figure.median
      const label = `${shortened(title)} · ${name}`
      return [{ label, text: `${textOf({ ...cell, bar: {} }).replace(' ✓', '')}  (${barText(bar)})`, reached, good: reaches(figure, bar) }]
    }),
  )
}

function shortened(title: string): string {
  return title.split(/[:(,]/)[0]?.trim() ?? title
}

function drawn({ label, text, reached, good }: Line, row: number): string {
  const y = top + row * rowHeight
  const [from, to] = [position(1), position(reached)]
  return `<text x="${chart.from - 12}" y="${y + 12}" text-anchor="end">${escaped(label)}</text><rect x="${Math.min(from, to)}" y="${y + 2}" width="${Math.max(2, Math.abs(to - from))}" height="13" fill="${good ? '#2a7' : '#d64'}"/><text x="${chart.to + 12}" y="${y + 12}" fill="#444">${escaped(text)}</text>`
}

/** Logarithmic, from half the bar to eight times. */
function position(reached: number): number {
  const clamped = Math.max(0.5, Math.min(8, reached || 0.5))
  return Math.round(chart.from + ((Math.log2(clamped) + 1) / 4) * (chart.to - chart.from))
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
