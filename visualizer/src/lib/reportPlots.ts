/** What ECharts is told to draw of a training report. Plain values: the library is loaded only where something is drawn. */

import { confusion, onLogAxis, type Pair, type Person } from './report'

export interface Colours {
  text: string
  quiet: string
  line: string
  panel: string
  accent: string
  warning: string
  /** The family of the page: texts are measured before they are drawn. */
  font: string
}

export interface Words {
  named: string
  strangers: string
  confidence: string
  right: string
  wrong: string
  threshold: string
  nobody: string
  faces: (n: number) => string
  share: (value: number) => string
}

export type Option = Record<string, unknown>

const MOST_PEOPLE = 24
const MARGIN = { left: 46, right: 16, top: 12, bottom: 38 }
const FAINT = 5

function axis(colours: Colours, { share }: Words, name: string, more: Option = {}): Option {
  return {
    name,
    nameLocation: 'middle',
    nameGap: 24,
    nameTextStyle: { color: colours.quiet },
    axisLine: { lineStyle: { color: colours.line } },
    axisTick: { show: false },
    axisLabel: { color: colours.quiet, formatter: share },
    splitLine: { lineStyle: { color: colours.line } },
    min: 0,
    max: 1,
    ...more,
  }
}

function tip(colours: Colours, formatter: (params: { data: unknown }) => string, trigger = 'item'): Option {
  return {
    trigger,
    formatter,
    backgroundColor: colours.panel,
    borderColor: colours.line,
    textStyle: { color: colours.text, fontSize: 12, fontFamily: colours.font },
    confine: true,
  }
}

const plot = (colours: Colours, more: Option): Option => ({
  animation: false,
  grid: MARGIN,
  textStyle: { fontFamily: colours.font, color: colours.text },
  ...more,
})

/** Which share of known faces gets its name, by how many strangers get one; the ring is the model as it is. */
export function identificationPlot(
  curve: { fpir: number[]; dir: number[] },
  now: { strangers: number | null; named: number | null },
  words: Words,
  colours: Colours,
): Option {
  const smallest = Math.min(...curve.fpir.filter((rate) => rate > 0), 0.01)
  const finest = 10 ** Math.floor(Math.log10(smallest))
  const working = now.named === null ? [] : [[Math.max(now.strangers ?? 0, finest), now.named]]
  return plot(colours, {
    tooltip: tip(colours, ({ data }) => {
      const [strangers, named] = data as [number, number]
      return `${words.named}: ${words.share(named)}\n${words.strangers}: ${strangers <= finest ? '≤ ' : ''}${words.share(strangers)}`
    }),
    xAxis: axis(colours, words, words.strangers, { type: 'log', min: finest, max: 1 }),
    yAxis: axis(colours, words, '', { type: 'value' }),
    series: [
      {
        type: 'line',
        step: 'end',
        data: onLogAxis(curve.fpir, curve.dir, finest),
        showSymbol: false,
        lineStyle: { color: colours.accent, width: 2 },
        itemStyle: { color: colours.accent },
      },
      {
        type: 'scatter',
        data: working,
        symbolSize: 12,
        itemStyle: { color: colours.panel, borderColor: colours.accent, borderWidth: 3 },
      },
    ],
  })
}

/** Whether a confidence is the share of right names: on the line from corner to corner it is. Points of few faces are faint. */
export function calibrationPlot(
  bins: { confidence: number; right: number; count: number }[],
  words: Words,
  colours: Colours,
): Option {
  const diagonal = { type: 'line', data: [[0, 0], [1, 1]], showSymbol: false, silent: true } // prettier-ignore
  return plot(colours, {
    tooltip: tip(colours, ({ data }) => {
      const [confidence, right, count] = (data as { value: [number, number, number] }).value
      return `${words.confidence}: ${words.share(confidence)}\n${words.right}: ${words.share(right)}\n${words.faces(count)}`
    }),
    xAxis: axis(colours, words, words.confidence, { type: 'value' }),
    yAxis: axis(colours, words, '', { type: 'value' }),
    series: [
      { ...diagonal, lineStyle: { color: colours.quiet, type: 'dashed', width: 1 } },
      {
        type: 'line',
        lineStyle: { color: colours.accent, width: 1 },
        symbol: 'circle',
        symbolSize: 9,
        data: bins.map(({ confidence, right, count }) => ({
          value: [confidence, right, count],
          itemStyle: { color: colours.accent, opacity: count < FAINT ? 0.45 : 1 },
        })),
      },
    ],
  })
}

interface Choice {
  named_from: number
  right: number | null
  wrong: number | null
  strangers: number | null
}

/** What naming from another confidence would give: known faces named rightly and wrongly, and strangers named. */
export function thresholdPlot(choices: Choice[], now: number | null, words: Words, colours: Colours): Option {
  const lines = [
    { key: 'right', name: words.right, color: colours.accent, type: 'solid' },
    { key: 'wrong', name: words.wrong, color: colours.warning, type: 'solid' },
    { key: 'strangers', name: words.strangers, color: colours.quiet, type: 'dashed' },
  ] as const
  return plot(colours, {
    grid: { ...MARGIN, top: 30 },
    legend: { top: 0, right: 0, icon: 'roundRect', itemWidth: 14, itemHeight: 3, textStyle: { color: colours.quiet } },
    tooltip: {
      ...tip(colours, () => '', 'axis'),
      formatter: (found: { seriesName: string; data: [number, number | null] }[]) =>
        [
          `${words.threshold}: ${words.share(found[0]!.data[0])}`,
          ...found.map(({ seriesName, data }) => `${seriesName}: ${data[1] === null ? '–' : words.share(data[1])}`),
        ].join('\n'),
    },
    xAxis: axis(colours, words, words.threshold, { type: 'value' }),
    yAxis: axis(colours, words, '', { type: 'value' }),
    series: lines.map(({ key, name, color, type }, at) => ({
      type: 'line',
      name,
      data: choices.map((choice) => [choice.named_from, choice[key]]),
      symbolSize: 5,
      itemStyle: { color },
      lineStyle: { color, type, width: 2 },
      ...(at === 0 && now !== null
        ? {
            markLine: {
              silent: true,
              symbol: 'none',
              label: { show: false },
              lineStyle: { color: colours.quiet, type: 'dotted' },
              data: [{ xAxis: now }],
            },
          }
        : {}),
    })),
  })
}

/** Whose held-out faces were given whose names. A row is a person; its faces are shared out over the columns. */
export function confusionPlot(people: Person[], confused: Pair[], words: Words, colours: Colours): Option {
  const { rows, columns, cells } = confusion(people, confused, MOST_PEOPLE)
  const named = columns.map((name) => name || words.nobody)
  const names = { color: colours.quiet, width: 96, overflow: 'truncate', interval: 0, fontSize: 10 }
  const bare = { axisLine: { show: false }, axisTick: { show: false }, splitLine: { show: false } }
  return plot(colours, {
    grid: { left: 104, right: 8, top: 6, bottom: 74 },
    tooltip: tip(colours, ({ data }) => {
      const [column, row, part, count] = (data as { value: [number, number, number, number] }).value
      return `${rows[row]} → ${named[column]}\n${words.faces(count)} · ${words.share(part)}`
    }),
    xAxis: { ...bare, type: 'category', data: named, axisLabel: { ...names, rotate: 45, width: 72 } },
    yAxis: { ...bare, type: 'category', data: rows, inverse: true, axisLabel: names },
    series: [
      {
        type: 'heatmap',
        data: cells.map(([column, row, part, count]) => ({
          value: [column, row, part, count],
          itemStyle: {
            color: columns[column] === rows[row] ? colours.accent : columns[column] ? colours.warning : colours.quiet,
            opacity: 0.25 + 0.75 * part,
            borderColor: colours.panel,
            borderWidth: 1,
          },
        })),
      },
    ],
  })
}
