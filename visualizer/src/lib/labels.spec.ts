import { overlap, placeLabels } from './labels'

const picture = { x: 0, y: 0, w: 640, h: 360 }
const label = { width: 100, height: 20 }
const box = (x: number, y: number, w = 80, h = 100) => ({ x, y, w, h })

describe('placeLabels', () => {
  it.each([
    ['above the face, where there is room', box(100, 100), { x: 100, y: 76 }],
    ['beside it at the upper edge', box(100, 5), { x: 184, y: 5 }],
    ['left of it in the upper right corner', box(555, 0), { x: 451, y: 0 }],
    ['shifted inwards at the right edge', box(590, 100, 50), { x: 540, y: 76 }],
    ['below one that spans the picture', box(0, 0, 640, 300), { x: 0, y: 304 }],
  ])('%s', (_, face, place) => {
    expect(placeLabels([{ box: face, label }], picture)[0]).toMatchObject(place)
  })

  it('stays in the picture when the face fills it', () => {
    const [placed] = placeLabels([{ box: picture, label }], picture)
    expect(overlap(placed!, picture)).toBe(label.width * label.height)
  })

  it('covers neither a face above nor the label of a neighbour', () => {
    const faces = [
      { box: box(100, 140), label },
      { box: box(100, 30), label },
      { box: box(190, 140), label },
    ]
    const placed = placeLabels(faces, picture)
    for (const [number, one] of placed.entries()) {
      for (const face of faces) expect(overlap(one, face.box)).toBe(0)
      for (const other of placed.slice(number + 1)) expect(overlap(one, other)).toBe(0)
    }
  })
})
