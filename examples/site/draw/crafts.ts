import { type Dice, disc, line, oval, path, rect, shape, times } from './svg.ts'

export const crafts: Record<string, (dice: Dice) => string> = {
  embroidery: (d) => {
    const size = d.pick([26, 28, 30])
    return (
      rect(0, 0, 320, 240, '#f8f6f0') +
      times(40, (i) => {
        const x = 24 + (i % 8) * 40
        const y = 28 + Math.floor(i / 8) * 48
        const half = (Math.floor(i / 8) % 2 ? size - 8 : size) / 2
        return (
          shape(`${x},${y - half} ${x + half},${y} ${x},${y + half} ${x - half},${y}`, '#c1121f') +
          shape(`${x},${y - 5} ${x + 5},${y} ${x},${y + 5} ${x - 5},${y}`, '#f8f6f0')
        )
      }) +
      rect(0, 0, 320, 6, '#c1121f') +
      rect(0, 234, 320, 6, '#c1121f')
    )
  },
  carpet: (d) => {
    const colours = ['#9b2226', '#005f73', '#ee9b00', '#3a5a40', '#e9d8a6', '#6a040f', '#1d3557']
    const shift = d.whole(0, colours.length)
    return (
      times(12, (i) => rect(0, i * 20, 320, 20, colours[(i * 3 + shift) % colours.length] ?? '#9b2226')) +
      times(3, (row) =>
        line(
          `M0 ${50 + row * 80} ${times(16, (i) => `L${i * 21 + 10} ${(i % 2 ? 66 : 34) + row * 80} `)}`,
          '#f5ebd7',
          6,
        ),
      ) +
      times(40, (i) => rect(i * 8, 0, 2, 240, 'rgba(0,0,0,0.12)'))
    )
  },
  jug: (d) =>
    rect(0, 0, 320, 240, '#e3dccb') +
    rect(0, 186, 320, 54, '#a98f6b') +
    path('M132 40 H188 V62 Q 238 92 232 146 Q 226 212 160 214 Q 94 212 88 146 Q 82 92 132 62 Z', '#c46a3a') +
    oval(160, 40, 28, 8, '#8f4522') +
    `<path d="M226 92 q 48 6 32 62 q -8 22 -30 24" fill="none" stroke="#c46a3a" stroke-width="12"/>` +
    line('M92 120 Q 160 146 228 120', '#1f4fa0', 8) +
    times(6, (i) => disc(104 + i * 22, 154 + Math.abs(i - 2.5) * -3, 9, '#2b63c0')) +
    line(`M104 184 Q 160 ${d.between(198, 206)} 216 184`, '#1f4fa0', 7),
  lanterns: (d) =>
    rect(0, 0, 320, 240, '#2b2d42') +
    line('M-6 30 Q 160 76 326 26', '#c9b79c', 3) +
    times(4, (i) => {
      const x = 42 + i * 78
      const y = 104 + d.between(-12, 26)
      return (
        line(`M${x} 46 V${y - 40}`, '#c9b79c', 2) +
        oval(x, y, 34, 42, '#d00000') +
        times(3, (k) => oval(x, y, 26 - k * 10, 42, 'none', 'stroke="#8d0801" stroke-width="2"')) +
        rect(x - 14, y - 48, 28, 9, '#f4a300') +
        rect(x - 14, y + 38, 28, 9, '#f4a300') +
        times(5, (k) => line(`M${x - 8 + k * 4} ${y + 48} v22`, '#f4a300', 1.5))
      )
    }),
  mosaic: (d) =>
    rect(0, 0, 320, 240, '#d8d3c4') +
    times(120, (i) => {
      const x = (i % 12) * 27 - 1
      const y = Math.floor(i / 12) * 25 - 3
      const column = Math.abs((i % 12) - 5.5)
      const row = Math.abs(Math.floor(i / 12) - 4.5)
      const blue = (Math.floor(column + row) + d.whole(0, 2)) % 3 !== 0
      return rect(x, y, 24, 22, blue ? d.pick(['#1b4f9c', '#2f6fc4', '#12356b']) : '#fbfbf7')
    }),
  drum: (d) =>
    rect(0, 0, 320, 240, '#dfe7d8') +
    oval(160, 206, 120, 18, '#b7c0ac') +
    rect(68, 78, 184, 116, '#8d5524') +
    oval(160, 194, 92, 24, '#74431a') +
    times(6, (i) =>
      shape(`${68 + i * 31},88 ${84 + i * 31},190 ${98 + i * 31},88`, d.pick(['#c68642', '#b5742f', '#a5642a'])),
    ) +
    oval(160, 78, 92, 28, '#f3e2c3') +
    oval(160, 78, 92, 28, 'none', 'stroke="#5b3312" stroke-width="8"') +
    line('M210 40 L150 74', '#6b4423', 8) +
    line('M250 34 L196 84', '#6b4423', 8),
  basket: (d) =>
    rect(0, 0, 320, 240, '#cfe0c3') +
    `<path d="M80 118 Q 160 -30 240 118" fill="none" stroke="#8a5a2b" stroke-width="11"/>` +
    times(11, (i) =>
      oval(82 + (i % 6) * 31 + (i > 5 ? 14 : 0), i > 5 ? 94 : 112, 18, 23, d.pick(['#f7efe0', '#e9cfa8', '#d9b48a'])),
    ) +
    path('M58 122 H262 L240 216 H80 Z', '#b07a3f') +
    times(6, (r) =>
      times(9, (i) => rect(64 + i * 22 + (r % 2) * 11, 126 + r * 15, 12, 9, r % 2 ? '#8a5a2b' : '#d3a566')),
    ),
  kite: (d) => {
    const x = d.between(170, 220)
    return (
      rect(0, 0, 320, 240, '#6fb7e9') +
      oval(60, 190, 60, 18, '#f4f9fd') +
      oval(270, 214, 70, 18, '#f4f9fd') +
      shape(`${x},20 ${x + 52},82 ${x},82`, '#e63946') +
      shape(`${x},20 ${x - 52},82 ${x},82`, '#f4c20d') +
      shape(`${x},150 ${x + 52},82 ${x},82`, '#2a9d8f') +
      shape(`${x},150 ${x - 52},82 ${x},82`, '#5e3bb0') +
      line(`M${x} 150 q -30 20 -50 6 q -30 -10 -46 24 q -20 30 -60 20`, '#333333', 2) +
      times(5, (i) =>
        shape(
          `${x - 26 - i * 26},${158 + i * 7} ${x - 12 - i * 26},${150 + i * 7} ${x - 14 - i * 26},${170 + i * 7}`,
          d.pick(['#e63946', '#f4c20d', '#5e3bb0']),
        ),
      )
    )
  },
}
