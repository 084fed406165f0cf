/** What the charts of the statistics look like, as options of ECharts: made of figures and the colours of the page, and of nothing else. */

import type { EChartsCoreOption } from 'echarts/core'
import { type Edge, laidOut } from './graphLayout'
import { assigned, readableOn, UNKNOWN_COLOUR } from './palette'
import { titleOf } from './playable'
import type { Figures } from './statisticsTables'
import { clock } from './time'
import { idOf } from './whom'

/** Colours and words of the page. */
export interface Look {
  text: string
  quiet: string
  line: string
  panel: string
  raised: string
  accent: string
  font: string
  words: { others: string; unknown: string; times: (n: number) => string; videos: (n: number) => string }
}

export type ChartName = 'people' | 'videos' | 'together' | 'time'

/** So many people have a colour of their own over time; the others share one. */
export const TOLD_APART = 8
/** The room of the graph. Thousands, for ends of lines are rounded to whole numbers before they are scaled. */
const GRAPH = { width: 2200, height: 1000 }
/** So many edges are drawn at most: more of them hide the people. */
const EDGES = 120
const ROW_PX = 22

/** How high a chart is, so that its place is there before it. */
export function heightOf(chart: ChartName, figures: Figures): number {
  const rows = figures.people.length * ROW_PX
  // Two that stand beside each other.
  if (chart === 'people' || chart === 'time') return Math.max(rows + 40, 320)
  return chart === 'videos' ? Math.max(rows, 80) + 190 : 480
}

export function optionOf(chart: ChartName, figures: Figures, look: Look): EChartsCoreOption {
  const option = { people: peopleOption, videos: videosOption, together: togetherOption, time: timeOption }[chart]
  return {
    animation: false,
    backgroundColor: look.panel,
    textStyle: { fontFamily: look.font, color: look.text, fontSize: 12 },
    ...option(figures, look),
  }
}

interface Hovered {
  name: string
  seriesName?: string
  dataType?: string
  dataIndex: number
  value: unknown
}

/** Drawn, not written as HTML: names are text, and the page's policy allows no styles from elsewhere. */
function tooltip(look: Look, formatter: (hovered: Hovered) => string) {
  return {
    renderMode: 'richText' as const,
    confine: true,
    backgroundColor: look.raised,
    borderColor: look.line,
    textStyle: { color: look.text, fontSize: 12, fontFamily: look.font },
    formatter,
  }
}

function timeAxis(look: Look) {
  return {
    type: 'value' as const,
    axisLabel: { color: look.quiet, formatter: (seconds: number) => clock(seconds), hideOverlap: true },
    splitLine: { lineStyle: { color: look.line } },
    axisLine: { show: false },
    axisTick: { show: false },
  }
}

function names(look: Look, data: string[]) {
  return {
    type: 'category' as const,
    data,
    inverse: true,
    axisLabel: { color: look.text, width: 150, overflow: 'truncate' as const, interval: 0 },
    axisLine: { show: false },
    axisTick: { show: false },
    splitArea: { show: false },
  }
}

function peopleOption({ people }: Figures, look: Look): EChartsCoreOption {
  return {
    grid: { left: 8, right: 64, top: 4, bottom: 4, containLabel: true },
    xAxis: { ...timeAxis(look), position: 'bottom' },
    yAxis: names(
      look,
      people.map((one) => one.name),
    ),
    tooltip: tooltip(look, ({ dataIndex }) => {
      const one = people[dataIndex]!
      return [
        one.name,
        clock(one.seconds),
        `${look.words.times(one.n_appearances)} · ${look.words.videos(one.n_videos)}`,
      ].join('\n')
    }),
    series: [
      {
        type: 'bar',
        barWidth: '64%',
        barMaxWidth: 22,
        cursor: 'pointer',
        label: {
          show: true,
          position: 'right',
          color: look.text,
          formatter: ({ value }: { value: number }) => clock(value),
        },
        data: people.map((one) => ({
          value: one.seconds,
          itemStyle: { color: one.person_id === null ? look.quiet : look.accent, borderRadius: 2 },
        })),
      },
    ],
  }
}

function videosOption({ people, videos, cells }: Figures, look: Look): EChartsCoreOption {
  // Long times are few and short ones many: by their roots both can be told apart.
  const data = cells.flatMap((row, y) => row.flatMap((seconds, x) => (seconds > 0 ? [[x, y, Math.sqrt(seconds)]] : [])))
  const most = Math.max(1, ...data.map((one) => one[2]!))
  return {
    grid: { left: 8, right: 8, top: 8, bottom: 56, containLabel: true },
    xAxis: {
      type: 'category',
      data: videos.map(titleOf),
      axisLabel: { color: look.quiet, rotate: 50, width: 110, overflow: 'truncate', interval: 0, fontSize: 11 },
      axisLine: { lineStyle: { color: look.line } },
      axisTick: { show: false },
      splitArea: { show: false },
    },
    yAxis: names(
      look,
      people.map((one) => one.name),
    ),
    visualMap: {
      type: 'continuous',
      min: 0,
      max: most,
      calculable: false,
      orient: 'horizontal',
      left: 'center',
      bottom: 0,
      itemHeight: 160,
      itemWidth: 10,
      textStyle: { color: look.quiet },
      text: [clock(most * most), clock(0)],
      inRange: { color: [look.raised, look.accent] },
    },
    tooltip: tooltip(look, ({ value }) => {
      const [x, y] = value as [number, number]
      const { date } = videos[x]!
      return [people[y]!.name, titleOf(videos[x]!) + (date ? ` · ${date}` : ''), clock(cells[y]![x]!)].join('\n')
    }),
    series: [{ type: 'heatmap', data, cursor: 'pointer', itemStyle: { borderColor: look.panel, borderWidth: 1 } }],
  }
}

function togetherOption({ people, together }: Figures, look: Look): EChartsCoreOption {
  const shown = together.slice(0, EDGES)
  const most = Math.max(1, ...shown.map((one) => one.seconds))
  const longest = Math.max(1, ...people.map((one) => one.seconds))
  const edges: Edge[] = shown.map(({ one, other, seconds }) => ({ one, other, weight: Math.sqrt(seconds / most) }))
  const places = laidOut(people.map(idOf), edges)
  const colours = assigned(people.map(idOf))
  return {
    tooltip: tooltip(look, ({ dataType, dataIndex }) => {
      if (dataType === 'node') return [people[dataIndex]!.name, clock(people[dataIndex]!.seconds)].join('\n')
      const { one, other, seconds, times } = shown[dataIndex]!
      return [`${people[one]!.name} – ${people[other]!.name}`, clock(seconds), look.words.times(times)].join('\n')
    }),
    series: [
      {
        type: 'graph',
        layout: 'none',
        left: 70,
        right: 70,
        top: 24,
        bottom: 30,
        cursor: 'pointer',
        roam: false,
        // Places are scaled alike across and down, or people would be drawn as wide as the page.
        preserveAspect: true,
        data: people.map((one, at) => ({
          id: String(at),
          name: one.name,
          x: places[at]!.x * GRAPH.width,
          y: places[at]!.y * GRAPH.height,
          symbolSize: 10 + 26 * Math.sqrt(one.seconds / longest),
          itemStyle: {
            color: one.person_id === null ? look.quiet : readableOn(colours.get(idOf(one))!, look.panel),
            borderColor: look.panel,
            borderWidth: 2,
          },
        })),
        links: shown.map(({ one, other, seconds }) => ({
          source: String(one),
          target: String(other),
          lineStyle: { width: 1 + 7 * Math.sqrt(seconds / most), color: look.quiet, opacity: 0.45, curveness: 0 },
        })),
        label: { show: true, position: 'bottom', color: look.text, fontSize: 11, distance: 3 },
        labelLayout: { hideOverlap: false },
        emphasis: { focus: 'adjacency', lineStyle: { opacity: 0.9 } },
      },
    ],
  }
}

function timeOption({ people, over_time }: Figures, look: Look): EChartsCoreOption {
  const told = people.slice(0, TOLD_APART)
  const rest = over_time.periods.map((_, at) =>
    over_time.people.slice(TOLD_APART).reduce((sum, row) => sum + row[at]!, over_time.others[at]!),
  )
  const colours = assigned(told.map(idOf))
  const layer = (name: string, data: number[], color: string) => ({
    type: 'bar' as const,
    stack: 'all',
    name,
    data: data.map((seconds) => seconds || null),
    barMaxWidth: 48,
    itemStyle: { color, borderColor: look.panel, borderWidth: 0.5 },
    cursor: 'pointer',
  })
  return {
    legend: {
      type: 'plain',
      top: 0,
      left: 0,
      textStyle: { color: look.text },
      itemWidth: 12,
      itemHeight: 12,
      icon: 'rect',
    },
    grid: { left: 8, right: 8, top: 56, bottom: 8, containLabel: true },
    xAxis: {
      type: 'category',
      data: over_time.periods,
      axisLabel: { color: look.quiet, hideOverlap: true },
      axisLine: { lineStyle: { color: look.line } },
      axisTick: { show: false },
    },
    yAxis: timeAxis(look),
    tooltip: tooltip(look, ({ name, seriesName, value, dataIndex }) =>
      [
        seriesName ?? '',
        `${name} · ${look.words.videos(over_time.n_videos[dataIndex] ?? 0)}`,
        clock(Number(value)),
      ].join('\n'),
    ),
    series: [
      ...told.map((one, at) => layer(one.name, over_time.people[at]!, readableOn(colours.get(idOf(one))!, look.panel))),
      ...(rest.some(Boolean) ? [layer(look.words.others, rest, look.quiet)] : []),
      ...(over_time.unknown.some(Boolean)
        ? [layer(look.words.unknown, over_time.unknown, readableOn(UNKNOWN_COLOUR, look.panel, 1.6))]
        : []),
    ],
  }
}
