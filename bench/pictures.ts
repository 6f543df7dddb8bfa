/**
 * Pictures a second of normalise and safety in threads, over the pictures of a folder.
 *   node bench/pictures.ts FOLDER [threads=2] [pictures=300]
 * Prints one JSON line.
 */
import { globSync, readFileSync } from 'node:fs'
import { createPicturePool } from '../workers/picture-pool.ts'

const CONFIG = { format: 'jpeg', quality: 90, background: '#ffffff', max_side: 1024 } as const
const [folder = '.', threadsText = '2', countText = '300'] = process.argv.slice(2)
const threads = Number(threadsText)

const all = globSync(`${folder}/**/*.{png,jpg,jpeg,webp,gif,avif}`).sort()
const step = Math.max(1, Math.floor(all.length / Number(countText)))
const files = all.filter((_, index) => index % step === 0).map((file) => readFileSync(file))

await using pool = await createPicturePool({ threads })
// Starts every thread and lets the compiler see the code once.
await Promise.all(Array.from({ length: threads }, () => pool.startClassifier()))
await Promise.all(files.slice(0, 10 * threads).map((bytes) => pool.normalise(bytes, CONFIG)))

const normalise = await timed(() => Promise.all(files.map((bytes) => pool.normalise(bytes, CONFIG))))
const released = normalise.result.flatMap((each) => (each.released === null ? [] : [each.released]))
const safety = await timed(() => Promise.all(released.map((bytes) => pool.classify(bytes))))

console.log(
  JSON.stringify({
    pictures: files.length,
    threads,
    normalise_per_second: perSecond(files.length, normalise.ms),
    normalise_cpu_ms: round(normalise.cpuMs / files.length),
    safety_per_second: perSecond(released.length, safety.ms),
    safety_cpu_ms: round(safety.cpuMs / released.length),
    peak_mib: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
)

async function timed<Result>(work: () => Promise<Result>) {
  const before = process.cpuUsage()
  const start = performance.now()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  return { result, ms: performance.now() - start, cpuMs: (user + system) / 1000 }
}

function perSecond(count: number, ms: number): number {
  return round((count * 1000) / ms)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
