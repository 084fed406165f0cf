import type { EChartsCoreOption } from 'echarts/core'
import { onScopeDispose, type Ref, shallowRef, watch } from 'vue'
import type { EChartsType } from '@/lib/echarts'
import { useResizeObserver } from './useResizeObserver'

const RATIO = 2

export interface Clicked {
  dataType?: string
  dataIndex: number
  name: string
  seriesIndex?: number
  value: unknown
}

/** A chart in an element, drawn anew when what it shows or its size changes. ECharts is loaded when the first chart is there. */
export function useChart(
  element: Ref<HTMLElement | null>,
  option: () => EChartsCoreOption,
  clicked: (event: Clicked) => void,
) {
  const size = useResizeObserver(element)
  const chart = shallowRef<EChartsType | null>(null)
  let isGone = false

  watch(element, async (now) => {
    chart.value?.dispose()
    chart.value = null
    if (!now) return
    const { init } = await import('@/lib/echarts')
    if (isGone || element.value !== now) return
    chart.value = init(now, null, { renderer: 'canvas' })
    chart.value.on('click', (event) => clicked(event as unknown as Clicked))
    chart.value.setOption(option(), true)
  })
  watch(option, (now) => chart.value?.setOption(now, true))
  watch(size, ({ width, height }) => {
    if (width && height) chart.value?.resize({ width, height })
  })
  onScopeDispose(() => {
    isGone = true
    chart.value?.dispose()
  })

  /** The chart as a picture, at twice its size so that it can be printed. */
  async function png(): Promise<Blob> {
    const canvas = chart.value!.renderToCanvas({ pixelRatio: RATIO })
    return new Promise((done, failed) =>
      canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error('No picture could be made.'))), 'image/png'),
    )
  }

  /** The chart as a drawing, which can be enlarged at will. */
  async function svg(): Promise<string> {
    const { init } = await import('@/lib/echarts')
    const { width, height } = size.value
    const drawing = init(null, null, { renderer: 'svg', ssr: true, width, height })
    drawing.setOption(option())
    const text = drawing.renderToSVGString()
    drawing.dispose()
    return text
  }

  return { chart, png, svg }
}
