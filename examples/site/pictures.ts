import sharp from 'sharp'
import { type Rendering, encode, renderScene } from './draw/render.ts'
import { SCENES, type Scene, type SiteTexts } from './texts/site-texts.ts'

export interface Picture {
  type: string
  body: Buffer
  headers?: Record<string, string>
}

/** Pictures that all sites show from one host: the same bytes under nine languages. */
export const SHARED: readonly Scene[] = ['rainbow', 'kite']

const TYPES = { jpg: 'image/jpeg', png: 'image/png', webp: 'image/webp' }

/** Scenes whose subject is in the middle look good in a square, too. */
const SQUARE: readonly Scene[] = ['soup', 'bread', 'jug', 'clock', 'butterfly', 'cat', 'drum', 'tea']
const LARGE: readonly Scene[] = ['sunset', 'castle', 'carpet', 'city']

function renderingOf(scene: Scene, { tag }: SiteTexts): Rendering {
  const [width, height] = SQUARE.includes(scene) ? [300, 300] : LARGE.includes(scene) ? [400, 300] : [320, 240]
  const format = scene === 'grapes' ? 'png' : scene === 'watermelon' ? 'webp' : 'jpg'
  const flip = !SHARED.includes(scene) && tag.length % 2 === 1
  return { seed: `${tag} ${scene}`, width, height, format, flip }
}

/** File name of a scene's main picture. */
export function fileOf(scene: Scene): string {
  return `${scene}.${scene === 'grapes' ? 'png' : scene === 'watermelon' ? 'webp' : 'jpg'}`
}

/** All pictures of one site by path, the odd cases included. */
export async function drawSite(texts: SiteTexts): Promise<Map<string, Picture>> {
  const own = Object.values(SCENES)
    .flat()
    .filter((scene) => !SHARED.includes(scene))
  const drawn = own.map(async (scene): Promise<[string, Picture]> => {
    const rendering = renderingOf(scene, texts)
    return [`/img/${fileOf(scene)}`, { type: TYPES[rendering.format], body: await renderScene(scene, rendering) }]
  })
  return new Map([...(await Promise.all(drawn)), ...(await drawOddCases(texts)), ...(await drawSizes(texts))])
}

/** The pictures of the shared host. */
export async function drawShared(): Promise<Map<string, Picture>> {
  const drawn = SHARED.map(async (scene): Promise<[string, Picture]> => {
    const rendering: Rendering = { seed: `all ${scene}`, width: 320, height: 240, format: 'jpg' }
    return [`/${fileOf(scene)}`, { type: TYPES.jpg, body: await renderScene(scene, rendering) }]
  })
  return new Map(await Promise.all(drawn))
}

/** Smaller and other versions, for markup that offers a choice. */
async function drawSizes(texts: SiteTexts): Promise<[string, Picture][]> {
  const small: Scene[] = ['birches', 'grapes', 'clock']
  const sizes = small.map(async (scene): Promise<[string, Picture]> => {
    const rendering: Rendering = { ...renderingOf(scene, texts), width: 160, height: 120, format: 'jpg' }
    return [`/img/${scene}-small.jpg`, { type: TYPES.jpg, body: await renderScene(scene, rendering) }]
  })
  const webp: Scene[] = ['moon', 'fish', 'city', 'drum']
  const versions = webp.map(async (scene): Promise<[string, Picture]> => {
    const rendering: Rendering = { ...renderingOf(scene, texts), format: 'webp' }
    return [`/img/${scene}.webp`, { type: TYPES.webp, body: await renderScene(scene, rendering) }]
  })
  return Promise.all([...sizes, ...versions])
}

/** A second drawing of a scene, different enough to be another picture. */
function another(scene: Scene, texts: SiteTexts, rest: Partial<Rendering> = {}): Promise<Buffer> {
  const base = renderingOf(scene, texts)
  return renderScene(scene, { ...base, seed: `${base.seed} again`, flip: !base.flip, format: 'jpg', ...rest })
}

/** Pictures that a release drops, or takes without native text; see `pages.ts` for the text that stands with them. */
async function drawOddCases(texts: SiteTexts): Promise<[string, Picture][]> {
  const jpg = (body: Buffer, headers?: Record<string, string>): Picture => ({
    type: TYPES.jpg,
    body,
    ...(headers ? { headers } : {}),
  })
  const sunset = await renderScene('sunset', renderingOf('sunset', texts))
  const whole = await another('castle', texts)
  return [
    ['/img/sign.png', { type: TYPES.png, body: await drawSign(texts) }],
    ['/img/ornament.jpg', jpg(await another('carpet', texts))],
    ['/img/untitled-1.jpg', jpg(await another('mosaic', texts))],
    ['/img/untitled-2.jpg', jpg(await another('city', texts))],
    ['/img/IMG_2041.jpg', jpg(await another('lanterns', texts))],
    ['/img/boat.jpg', jpg(await another('sunset', texts))],
    ['/img/house-tiny.jpg', jpg(await another('house', texts, { width: 120, height: 90 }))],
    ['/img/river-wide.jpg', jpg(await another('river', texts, { width: 880, height: 220 }))],
    ['/img/plain.png', { type: TYPES.png, body: await flat('#c0392b') }],
    ['/img/broken.jpg', jpg(Buffer.concat([whole.subarray(0, 400), Buffer.alloc(6000, 0x5a)]))],
    ['/img/sunset-copy.jpg', jpg(await encode(sharp(sunset).resize(330), 'jpg', 70))],
    ['/img/reserved.jpg', jpg(await another('owl', texts), { 'x-robots-tag': 'noai, noimageai' })],
    ['/img/notrain-1.jpg', jpg(await another('windmill', texts))],
    ['/img/notrain-2.jpg', jpg(await another('goldfish', texts))],
    ['/img/hidden.jpg', jpg(await another('tree', texts))],
    ['/img/logo.svg', { type: 'image/svg+xml', body: Buffer.from(LOGO) }],
    ['/img/blank.gif', { type: 'image/gif', body: Buffer.from(BLANK_GIF, 'base64') }],
  ]
}

const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"><circle cx="150" cy="150" r="140" fill="#2a6f97"/></svg>'
const BLANK_GIF = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'

function flat(colour: string): Promise<Buffer> {
  return encode(sharp({ create: { width: 240, height: 240, channels: 3, background: colour } }), 'png', 90)
}

/** The sign on every page: a house on a round board with a clear background, so with an alpha channel. */
async function drawSign({ tag }: SiteTexts): Promise<Buffer> {
  const hue = (tag.charCodeAt(0) * 37 + tag.charCodeAt(1) * 11 + tag.length * 53) % 360
  const rays = Array.from(
    { length: 48 },
    (_, i) =>
      `<path d="M110 110 L${110 + 104 * Math.cos(i * 0.131)} ${110 + 104 * Math.sin(i * 0.131)}" stroke="hsl(${(hue + i * 7) % 360} 60% 70%)" stroke-width="2"/>`,
  ).join('')
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="220" height="220"><circle cx="110" cy="110" r="106" fill="hsl(${hue} 45% 40%)"/>${rays}<path d="M50 118 L110 58 L170 118 V170 H50 Z" fill="#ffffff"/><rect x="96" y="128" width="28" height="42" fill="hsl(${hue} 45% 30%)"/></svg>`
  return encode(sharp(Buffer.from(svg)), 'png', 90)
}
