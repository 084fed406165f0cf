import { assigned, COLOURS, contrast, inkOn, luminance, readableOn } from './palette'

describe('assigned', () => {
  const names = Array.from({ length: 20 }, (_, number) => `Person_${number}`)

  it('gives nobody a colour twice before all are used', () => {
    expect(new Set(assigned(names.slice(0, COLOURS.length)).values()).size).toBe(COLOURS.length)
  })

  it('shares colours evenly afterwards', () => {
    const given = [...assigned(names).values()]
    const uses = COLOURS.map((colour) => given.filter((one) => one === colour).length)
    expect(Math.max(...uses) - Math.min(...uses)).toBeLessThanOrEqual(1)
  })

  it('depends on who comes before, not on who comes after', () => {
    const few = assigned(names.slice(0, 4))
    const many = assigned(names)
    for (const [name, colour] of few) expect(many.get(name)).toBe(colour)
  })

  it('takes a name that comes twice once', () => {
    expect(assigned(['a', 'a']).size).toBe(1)
  })
})

describe('inkOn', () => {
  it.each(COLOURS.map((colour) => [colour]))('can be read on %s', (colour) => {
    const [dark, light] = [luminance(colour), luminance(inkOn(colour))].sort((a, b) => a - b)
    expect((light! + 0.05) / (dark! + 0.05)).toBeGreaterThanOrEqual(4.5)
  })

  it('knows black from white', () => {
    expect([luminance('#000000'), luminance('#ffffff')]).toEqual([0, 1])
    expect([inkOn('#ffffff'), inkOn('#000000')]).toEqual(['#000000', '#ffffff'])
  })
})

/** How people without one kind of cone see a colour: Viénot, Brettel and Mollon, 1999, in linear light. */
const KINDS = {
  protan: [0.11238, 0.88762, 0, 0.11238, 0.88762, 0, 0.004, -0.004, 1],
  deutan: [0.29275, 0.70725, 0, 0.29275, 0.70725, 0, -0.02234, 0.02234, 1],
}

describe.each(Object.entries(KINDS))('to a %s', (_, matrix) => {
  const seen = (colour: string): number[] => {
    const part = [1, 3, 5].map((at) => (parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2)
    return [0, 3, 6].map((row) => matrix[row]! * part[0]! + matrix[row + 1]! * part[1]! + matrix[row + 2]! * part[2]!)
  }

  it('no two of the first six look the same', () => {
    const first = COLOURS.slice(0, 6).map(seen)
    for (const [number, one] of first.entries())
      for (const other of first.slice(number + 1)) {
        const far = Math.hypot(
          ...one.map((part, at) => Math.max(part, 0) ** (1 / 2.2) - Math.max(other[at]!, 0) ** (1 / 2.2)),
        )
        expect(far).toBeGreaterThan(0.1)
      }
  })
})

describe('colours on a ground', () => {
  const grounds = ['#ffffff', '#1a1d22', '#f2f3f5', '#121418']

  it('can be seen on it, and change no more than that takes', () => {
    for (const ground of grounds)
      for (const colour of COLOURS) {
        const found = readableOn(colour, ground)
        expect(contrast(found, ground)).toBeGreaterThanOrEqual(3)
        if (contrast(colour, ground) >= 3) expect(found).toBe(colour)
      }
  })

  it('stay different from each other', () => {
    for (const ground of grounds)
      expect(new Set(COLOURS.map((one) => readableOn(one, ground))).size).toBe(COLOURS.length)
  })

  it('contrast as WCAG says', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21)
    expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
    expect(contrast('#123456', '#123456')).toBe(1)
  })
})
