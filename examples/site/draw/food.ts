import { type Dice, disc, line, oval, path, rect, shape, times } from './svg.ts'

const table = (top: string, cloth: string) => rect(0, 0, 320, 240, top) + rect(0, 150, 320, 90, cloth)

export const food: Record<string, (dice: Dice) => string> = {
  soup: (d) =>
    table('#efe3cf', '#8a5a33') +
    path(`M70 112 H250 Q 246 214 160 216 Q 74 214 70 112 Z`, '#8b4a2b') +
    oval(160, 112, 90, 26, '#6f3a20') +
    oval(160, 114, 80, 21, '#f08a24') +
    times(9, () => oval(d.between(105, 215), d.between(104, 124), 5, 3, d.pick(['#2f7d32', '#fbe0b0', '#c9581a']))) +
    times(3, (i) => line(`M${120 + i * 40} 78 q -12 -18 0 -32 q 12 -14 0 -30`, '#ffffff', 5)),
  bread: (d) =>
    table('#f5efe2', '#d9c3a0') +
    rect(24, 158, 272, 46, '#9a6a3c', 'rx="14"') +
    times(5, (i) => line(`M34 ${166 + i * 8} H286`, '#7f5330', 2)) +
    path('M66 160 Q 60 70 160 68 Q 262 70 254 160 Z', '#c98840') +
    path('M80 150 Q 84 88 160 84 Q 236 88 240 150 Z', '#dda25a') +
    times(4, (i) =>
      line(`M${98 + i * 36} 140 Q ${112 + i * 36} ${d.between(104, 116)} ${130 + i * 32} 96`, '#8a5321', 6),
    ),
  apples: (d) =>
    table('#d8e6d2', '#b98a58') +
    times(3, (i) => {
      const x = 66 + i * 94 + d.between(-6, 6)
      return (
        oval(x, 198, 44, 9, '#8e6438') +
        disc(x - 14, 156, 34, '#c81e2c') +
        disc(x + 14, 156, 34, '#d62839') +
        oval(x - 18, 140, 9, 13, '#f07a83') +
        line(`M${x} 126 q 4 -16 12 -22`, '#4d2f16', 5) +
        oval(x + 22, 106, 13, 6, '#3a8f3d')
      )
    }),
  watermelon: (d) =>
    rect(0, 0, 320, 240, '#f3d9a5') +
    path('M26 80 A 134 134 0 0 0 294 80 Z', '#2e7d32') +
    path('M38 80 A 122 122 0 0 0 282 80 Z', '#e6f2d5') +
    path('M48 80 A 112 112 0 0 0 272 80 Z', '#e5383b') +
    times(15, (i) =>
      oval(80 + (i % 5) * 40 + d.between(-6, 6), 98 + Math.floor(i / 5) * 26 + d.between(-5, 5), 4, 7, '#1b1b1b'),
    ),
  tea: (d) =>
    table('#cfd8e3', '#6d4c3d') +
    oval(150, 204, 110, 18, '#e9edf2') +
    path('M84 104 H216 Q 214 190 176 200 H124 Q 86 190 84 104 Z', '#ffffff') +
    `<circle cx="226" cy="136" r="26" fill="none" stroke="#ffffff" stroke-width="12"/>` +
    oval(150, 105, 66, 14, '#e2e6ea') +
    oval(150, 107, 58, 11, '#8a4b1d') +
    times(3, (i) => line(`M${124 + i * 26} 86 q ${d.between(-16, -8)} -20 0 -34 q 12 -16 0 -34`, '#f8fbff', 6)) +
    times(5, (i) => disc(104 + i * 23, 160, 7, '#3d6fb6')),
  fish: (d) =>
    rect(0, 0, 320, 240, '#5b7f95') +
    oval(160, 126, 142, 94, '#ffffff') +
    oval(160, 126, 112, 70, '#eef2f4') +
    path('M76 126 Q 130 76 206 124 L 244 98 V 156 L 206 130 Q 130 178 76 126 Z', '#b97a34') +
    times(5, (i) => line(`M${116 + i * 18} 108 q 12 18 0 36`, '#7c4a18', 4)) +
    disc(94, 120, 5, '#202020') +
    disc(d.between(196, 216), 176, 20, '#f7d534') +
    disc(206, 176, 12, '#fbea8a'),
  cake: (d) =>
    rect(0, 0, 320, 240, '#e8c7d8') +
    oval(160, 210, 130, 18, '#ffffff') +
    rect(58, 132, 204, 76, '#6b3e26', 'rx="8"') +
    rect(58, 118, 204, 34, '#fff3e6', 'rx="12"') +
    times(8, (i) => disc(70 + i * 26, 150, 12, '#fff3e6')) +
    times(5, (i) => {
      const x = 84 + i * 38
      return rect(x - 4, 76, 9, 44, d.pick(['#3a86ff', '#e63946', '#2a9d8f'])) + oval(x, 64, 6, 12, '#ffb703')
    }),
  grapes: (d) => {
    const tilt = d.between(-6, 6)
    return (
      rect(0, 0, 320, 240, '#f2ead8') +
      [5, 6, 5, 4, 3, 2, 1]
        .map((count, row) =>
          times(count, (i) =>
            disc(
              160 + tilt * row * 0.3 + (i - (count - 1) / 2) * 31,
              76 + row * 23,
              17,
              row % 2 ? '#4b1d5c' : '#5c2a70',
            ),
          ),
        )
        .join('') +
      line('M160 66 q 4 -28 26 -46', '#5b3a1a', 8) +
      shape('176,46 232,22 262,52 240,86 204,84 186,70', '#3f8f3a')
    )
  },
}
