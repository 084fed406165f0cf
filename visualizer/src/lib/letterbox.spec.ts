import { fit, framePoint, shownBox } from './letterbox'

const size = (width: number, height: number) => ({ width, height })

describe('fit', () => {
  it('leaves bars left and right of a picture that is too narrow', () => {
    expect(fit(size(1000, 300), size(400, 300), size(400, 300))).toEqual({
      scaleX: 1,
      scaleY: 1,
      left: 300,
      top: 0,
      width: 400,
      height: 300,
    })
  })

  it('leaves bars above and below one that is too wide', () => {
    const found = fit(size(640, 640), size(1280, 720), size(1280, 720))!
    expect(found).toMatchObject({ scaleX: 0.5, left: 0, top: 140, width: 640, height: 360 })
  })

  it('knows pixels that are not square: PAL at 16:9 has 720 columns, shown as 1024', () => {
    const found = fit(size(1024, 576), size(1024, 576), size(720, 576))!
    expect(found.scaleX).toBeCloseTo(1024 / 720)
    expect(found.scaleY).toBe(1)
  })

  it.each([
    [size(0, 300), size(400, 300)],
    [size(400, 300), size(0, 0)],
  ])('is nothing while a size is not known', (place, shown) => {
    expect(fit(place, shown, size(400, 300))).toBeNull()
  })
})

describe('shownBox', () => {
  const found = fit(size(1000, 300), size(800, 600), size(800, 600))!

  it('moves and scales', () => {
    expect(shownBox(found, { x: 100, y: 50, w: 200, h: 100 })).toEqual({ x: 350, y: 25, w: 100, h: 50 })
  })

  it('ends at the edge of the picture', () => {
    expect(shownBox(found, { x: -100, y: 500, w: 200, h: 300 })).toEqual({ x: 300, y: 250, w: 50, h: 50 })
  })

  it('is undone by framePoint', () => {
    const box = shownBox(found, { x: 123, y: 45, w: 10, h: 10 })
    expect(framePoint(found, box.x, box.y)).toEqual({ x: 123, y: 45 })
  })
})
