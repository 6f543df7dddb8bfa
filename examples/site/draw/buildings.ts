import { type Dice, disc, land, line, oval, path, rect, shape, times } from './svg.ts'

export const buildings: Record<string, (dice: Dice) => string> = {
  house: (d) => {
    const x = d.between(70, 110)
    return (
      land('#bfe0f2', '#7fb04a', 172) +
      rect(x, 98, 140, 96, '#fbfaf5') +
      shape(`${x - 18},102 ${x + 70},36 ${x + 158},102`, '#c0392b') +
      rect(x + 102, 46, 16, 34, '#8e3b2f') +
      rect(x + 18, 122, 28, 28, '#4a90c2') +
      rect(x + 94, 122, 28, 28, '#4a90c2') +
      rect(x + 58, 138, 26, 56, '#6b4423') +
      times(14, (i) => rect(i * 24 + 2, 196, 8, 30, '#e8dcc0')) +
      rect(0, 204, 320, 5, '#e8dcc0')
    )
  },
  bridge: (d) =>
    land('#cfe3ee', '#3f7fae', 150) +
    rect(0, 84, 320, 92, '#9b9287') +
    rect(0, 72, 320, 14, '#7d756b') +
    times(3, (i) => path(`M${22 + i * 100} 178 V150 A 38 38 0 0 1 ${98 + i * 100} 150 V178 Z`, '#3f7fae')) +
    times(26, () => rect(d.between(0, 310), d.pick([90, 100, 110]), 14, 6, '#857c72')) +
    rect(0, 176, 320, 64, '#3f7fae') +
    times(8, () => line(`M${d.between(0, 280)} ${d.between(186, 234)} h${d.between(20, 50)}`, '#6fa9d0', 3)),
  lighthouse: (d) => {
    const x = d.between(190, 230)
    return (
      land('#a9d6f0', '#1d5b87', 158) +
      path(`M${x - 80} 240 Q ${x - 60} 168 ${x - 26} 164 H320 V240 Z`, '#6f655c') +
      shape(`${x - 22},166 ${x - 14},52 ${x + 14},52 ${x + 22},166`, '#ffffff') +
      times(3, (i) => rect(x - 20 + (2 - i), 66 + i * 36, 40 - (2 - i) * 2, 18, '#d62828')) +
      rect(x - 12, 30, 24, 22, '#f8e16c') +
      shape(`${x - 18},30 ${x},12 ${x + 18},30`, '#a61e1e') +
      times(6, () => line(`M${d.between(0, 110)} ${d.between(172, 232)} h${d.between(18, 44)}`, '#7fb3d5', 3))
    )
  },
  windmill: (d) => {
    const turn = d.whole(10, 40)
    return (
      land('#e6edf2', '#d9b44a', 168) +
      times(8, (i) => line(`M0 ${178 + i * 8} H320`, i % 2 ? '#c9a23a' : '#e6c767', 4)) +
      shape('124,206 138,92 182,92 196,206', '#8c5a3c') +
      shape('132,94 160,62 188,94', '#4a2f20') +
      `<g transform="rotate(${turn} 160 92)">` +
      times(
        4,
        (i) =>
          `<g transform="rotate(${i * 90} 160 92)">${rect(156, 0, 8, 92, '#3b2618')}${rect(164, 4, 22, 66, '#f5efe0')}</g>`,
      ) +
      '</g>' +
      disc(160, 92, 7, '#222222') +
      rect(150, 172, 20, 34, '#3b2618')
    )
  },
  castle: (d) => {
    const y = d.between(66, 80)
    const tower = (x: number) =>
      rect(x, y - 30, 44, 116, '#8f8a80') +
      times(3, (i) => rect(x + i * 17, y - 42, 10, 14, '#8f8a80')) +
      rect(x + 17, y, 10, 20, '#2b2b2b')
    return (
      rect(0, 0, 320, 240, '#f3d8b6') +
      path('M0 240 Q 60 150 160 142 Q 260 150 320 240 Z', '#3e6b35') +
      rect(92, y + 16, 136, 74, '#a39d92') +
      tower(66) +
      tower(210) +
      path(`M144 ${y + 90} V${y + 60} a16 16 0 0 1 32 0 V${y + 90} Z`, '#4a2f20')
    )
  },
  city: (d) =>
    rect(0, 0, 320, 240, '#10162f') +
    times(7, (i) => {
      const x = i * 46 - 4
      const top = d.between(24, 120)
      return (
        rect(x, top, 42, 240 - top, i % 2 ? '#1d2546' : '#242d55') +
        times(24, (k) => {
          const y = top + 10 + Math.floor(k / 3) * 22
          return d.whole(0, 4) === 0 || y > 226
            ? ''
            : rect(x + 6 + (k % 3) * 12, y, 7, 11, d.pick(['#ffd166', '#ffe29a', '#ffb347']))
        })
      )
    }),
  hut: (d) =>
    land('#d5e5d0', '#5d7f3a', 190) +
    times(8, (i) =>
      shape(`${i * 44 + 6},${d.between(10, 46)} ${i * 44 - 24},196 ${i * 44 + 36},196`, i % 2 ? '#1f4d2b' : '#2a6238'),
    ) +
    rect(92, 122, 142, 84, '#8a5a2b') +
    times(7, (i) => line(`M92 ${128 + i * 12} H234`, '#5f3b18', 3)) +
    shape('76,126 163,66 250,126', '#4d3016') +
    rect(148, 154, 32, 52, '#3a2410') +
    rect(104, 142, 30, 26, '#f7dc7a') +
    rect(192, 142, 30, 26, '#f7dc7a'),
  clock: (d) => {
    const hand = d.whole(0, 360)
    return (
      land('#b8cfe0', '#b7aa98', 200) +
      rect(112, 36, 96, 176, '#d9c49a') +
      shape('100,40 160,2 220,40', '#7a3b2e') +
      disc(160, 92, 38, '#ffffff') +
      `<circle cx="160" cy="92" r="38" fill="none" stroke="#3d2b1f" stroke-width="6"/>` +
      times(12, (i) => `<g transform="rotate(${i * 30} 160 92)">${rect(158, 58, 4, 9, '#222222')}</g>`) +
      `<g transform="rotate(${hand} 160 92)">${rect(157, 64, 6, 30, '#222222')}</g>` +
      `<g transform="rotate(${(hand * 5) % 360} 160 92)">${rect(158, 72, 5, 22, '#a61e1e')}</g>` +
      path('M142 212 V176 a18 18 0 0 1 36 0 V212 Z', '#5a3a22') +
      rect(0, 118, 96, 86, '#c98f6b') +
      rect(224, 106, 96, 98, '#9fb08a') +
      times(6, (i) => oval(20 + i * 56, 226, 16, 5, '#a2957f'))
    )
  },
}
