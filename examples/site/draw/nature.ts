import { type Dice, disc, land, line, oval, path, rect, shape, times } from './svg.ts'

export const nature: Record<string, (dice: Dice) => string> = {
  sunset: (d) => {
    const y = d.between(105, 125)
    const boat = d.between(60, 130)
    const sun = d.between(170, 240)
    return (
      land('#f9c98a', '#1f4e79', y) +
      rect(0, 0, 320, 50, '#f4a460', 'opacity="0.6"') +
      disc(sun, y - 12, d.between(30, 40), '#f26b1d') +
      rect(0, y, 320, 240 - y, '#1f4e79') +
      times(7, (i) => line(`M${sun - 40 + i * 3} ${y + 14 + i * 15} h${80 - i * 8}`, '#f5934a', 4)) +
      shape(`${boat - 26},${y + 46} ${boat + 26},${y + 46} ${boat + 16},${y + 60} ${boat - 16},${y + 60}`, '#5a3018') +
      shape(`${boat},${y - 30} ${boat},${y + 42} ${boat + 34},${y + 42}`, '#fff8ec') +
      shape(`${boat - 4},${y - 14} ${boat - 4},${y + 42} ${boat - 22},${y + 42}`, '#f3e3c8')
    )
  },
  peaks: (d) => {
    const tops = [d.between(55, 75), d.between(145, 175), d.between(245, 270)]
    const heights = [d.between(60, 80), d.between(30, 50), d.between(70, 95)]
    return (
      land('#7ec0ee', '#4a7c59', 205) +
      tops
        .map((x, i) => {
          const y = heights[i] ?? 60
          return (
            shape(`${x},${y} ${x - 85},212 ${x + 85},212`, '#6b7480') +
            shape(
              `${x},${y} ${x - 34},${y + 58} ${x - 14},${y + 48} ${x},${y + 62} ${x + 16},${y + 46} ${x + 36},${y + 62}`,
              '#ffffff',
            )
          )
        })
        .join('') +
      rect(0, 205, 320, 35, '#4a7c59')
    )
  },
  tree: (d) => {
    const x = d.between(110, 210)
    return (
      rect(0, 0, 320, 240, '#cfe8f7') +
      oval(160, 270, 260, 110, '#5fa83f') +
      rect(x - 8, 96, 16, 82, '#6b4423') +
      disc(x, 76, d.between(44, 52), '#2f7d32') +
      disc(x - 38, 96, 30, '#358c38') +
      disc(x + 38, 94, 32, '#2a6e2d') +
      oval(d.between(30, 80), 40, 36, 12, '#ffffff') +
      oval(d.between(240, 290), 60, 30, 10, '#ffffff')
    )
  },
  river: (d) => {
    const a = d.between(40, 120)
    const b = d.between(190, 270)
    return (
      rect(0, 0, 320, 240, '#8cc152') +
      rect(0, 0, 320, 34, '#bfe3f5') +
      line(`M${b - 40} 34 C ${b + 60} 80, ${a - 60} 110, ${a + 60} 150 S ${b + 10} 210, ${a + 90} 250`, '#2a6fbb', 38) +
      line(`M${b - 40} 34 C ${b + 60} 80, ${a - 60} 110, ${a + 60} 150 S ${b + 10} 210, ${a + 90} 250`, '#5aa0e0', 14) +
      times(26, () =>
        disc(d.between(8, 312), d.between(50, 232), d.between(2, 4), d.pick(['#f7e463', '#ffffff', '#e46a9a'])),
      )
    )
  },
  sunflowers: (d) =>
    land('#8fd0f5', '#4d8b31', 96) +
    times(7, (i) => {
      const x = 24 + i * 46 + d.between(-8, 8)
      const y = 100 + (i % 2) * 46 + d.between(-10, 10)
      return (
        line(`M${x} ${y} V240`, '#2f6b1f', 6) +
        times(12, (k) => {
          const turn = (k * Math.PI) / 6
          return disc(Math.round(x + Math.cos(turn) * 20), Math.round(y + Math.sin(turn) * 20), 9, '#f9c80e')
        }) +
        disc(x, y, 14, '#5b3210')
      )
    }),
  moon: (d) => {
    const x = d.between(90, 230)
    return (
      rect(0, 0, 320, 240, '#0d1b3e') +
      disc(x, 70, d.between(34, 42), '#f8f3d4') +
      disc(x - 10, 62, 7, '#e2dbb5') +
      disc(x + 12, 80, 5, '#e2dbb5') +
      times(30, () => disc(d.between(4, 316), d.between(4, 130), 1.2, '#ffffff')) +
      times(11, (i) => {
        const base = i * 32 + d.between(-8, 8)
        const top = d.between(118, 165)
        return shape(`${base},${top} ${base - 26},250 ${base + 26},250`, i % 2 ? '#07140c' : '#0b2013')
      })
    )
  },
  rainbow: (d) => {
    const x = d.between(140, 180)
    return (
      land('#b9d9ee', '#6aa84f', 170) +
      ['#d7263d', '#f46036', '#f9c80e', '#3bb273', '#2e6fbb', '#7d3cb5']
        .map(
          (colour, i) =>
            `<circle cx="${x}" cy="176" r="${138 - i * 11}" fill="none" stroke="${colour}" stroke-width="11"/>`,
        )
        .join('') +
      rect(0, 170, 320, 70, '#6aa84f') +
      times(6, (i) => line(`M0 ${182 + i * 10} H320`, i % 2 ? '#5b9443' : '#7dbb5f', 5)) +
      oval(d.between(20, 60), 40, 46, 16, '#8fa6b5')
    )
  },
  birches: (d) =>
    land('#dfeaf0', '#b9924f', 196) +
    times(7, (i) => {
      const x = 22 + i * 45 + d.between(-9, 9)
      return (
        rect(x, 0, 15, 208, '#f7f5ef') +
        times(6, (k) => rect(x + (k % 2) * 7, 20 + k * 32 + d.between(0, 14), 8, 4, '#222222')) +
        times(9, () =>
          disc(x + d.between(-22, 36), d.between(0, 88), d.between(7, 13), d.pick(['#e8b923', '#d99a1c', '#f2cf4a'])),
        )
      )
    }) +
    path('M0 205 Q 80 190 160 206 T 320 202 V240 H0 Z', '#c79a3d'),
}
