import { type Dice, disc, line, oval, path, rect, shape, times } from './svg.ts'

export const animals: Record<string, (dice: Dice) => string> = {
  butterfly: (d) =>
    rect(0, 0, 320, 240, '#cfe8b4') +
    times(12, () =>
      line(`M${d.between(0, 320)} 240 q ${d.between(-20, 20)} -40 ${d.between(-10, 10)} -80`, '#7fae4f', 4),
    ) +
    [-1, 1]
      .map(
        (side) =>
          oval(160 + side * 66, 92, 62, 48, '#f3722c', `transform="rotate(${side * -24} ${160 + side * 66} 92)"`) +
          oval(160 + side * 52, 164, 44, 38, '#f8961e') +
          disc(160 + side * 76, 86, 17, '#3a1a08') +
          disc(160 + side * 76, 86, 9, '#ffffff') +
          disc(160 + side * 54, 168, 11, '#3a1a08'),
      )
      .join('') +
    oval(160, 128, 10, 62, '#2b1608') +
    line('M156 70 q -10 -30 -28 -40', '#2b1608', 3) +
    line('M164 70 q 10 -30 28 -40', '#2b1608', 3),
  goldfish: (d) => {
    const y = d.between(104, 130)
    return (
      rect(0, 0, 320, 240, '#3fa7b5') +
      rect(0, 206, 320, 34, '#d9c38a') +
      times(9, (i) =>
        line(
          `M${14 + i * 38} 240 q ${d.between(-26, 26)} -70 0 -${d.whole(90, 170)}`,
          i % 2 ? '#1d6b3a' : '#2f8f4e',
          8,
        ),
      ) +
      oval(150, y, 70, 42, '#f9a11b') +
      shape(`206,${y} 276,${y - 48} 258,${y} 276,${y + 48}`, '#f57c00') +
      shape(`140,${y - 38} 176,${y - 70} 184,${y - 32}`, '#f57c00') +
      disc(108, y - 8, 10, '#ffffff') +
      disc(106, y - 8, 5, '#111111') +
      times(4, (i) => disc(70 - i * 12, y - 26 - i * 18, 4 + i, '#c8eef2'))
    )
  },
  cat: (d) =>
    rect(0, 0, 320, 240, '#b98b5e') +
    rect(40, 16, 240, 186, '#9fd3f0') +
    rect(154, 16, 10, 186, '#f3ead8') +
    rect(40, 16, 240, 186, 'none', 'stroke="#f3ead8" stroke-width="14"') +
    rect(20, 200, 280, 22, '#f3ead8') +
    path('M110 202 Q 104 116 150 108 Q 198 116 194 202 Z', '#141414') +
    disc(150, 92, 32, '#141414') +
    shape('122,82 122,44 146,66', '#141414') +
    shape('178,82 178,44 154,66', '#141414') +
    oval(138, 90, 6, 8, '#d7e04a') +
    oval(162, 90, 6, 8, '#d7e04a') +
    line(`M190 190 q 50 10 ${d.between(44, 60)} -40`, '#141414', 12),
  owl: (d) =>
    rect(0, 0, 320, 240, '#1b2440') +
    disc(d.between(40, 70), 46, 24, '#f2edc8') +
    line('M0 196 Q 160 176 320 204', '#5a3d22', 20) +
    line('M230 190 q 40 -40 70 -44', '#5a3d22', 10) +
    oval(166, 124, 52, 70, '#8a6238') +
    oval(166, 146, 32, 44, '#d9bd8f') +
    times(12, (i) =>
      shape(
        `${146 + (i % 4) * 12},${122 + Math.floor(i / 4) * 16} ${152 + (i % 4) * 12},${132 + Math.floor(i / 4) * 16} ${158 + (i % 4) * 12},${122 + Math.floor(i / 4) * 16}`,
        '#7a5530',
      ),
    ) +
    disc(145, 88, 20, '#f7f2e2') +
    disc(187, 88, 20, '#f7f2e2') +
    disc(145, 88, 10, '#141414') +
    disc(187, 88, 10, '#141414') +
    shape('158,98 174,98 166,114', '#f2a413') +
    shape('122,76 116,44 146,66', '#8a6238') +
    shape('210,76 216,44 186,66', '#8a6238'),
}
