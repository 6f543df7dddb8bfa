import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parse, stringify } from 'yaml'
import { CHECKOUT } from './play.ts'

interface DemoSpec {
  languages: string[]
  crawl: { seeds: Record<string, string[]>; limits: { pages_per_host: number } }
  filters: { near_image: { pdq: number } }
  select: { max_per_host: number; target?: Record<string, number> }
}

/**
 * The demo over some of its languages; `biting` adds limits that all drop something: fewer pages than a site has, a
 * host's share, near pictures, and a target.
 */
export function writeDemoSpec(file: string, languages: readonly string[], biting: boolean): string {
  const spec = parse(readFileSync(path.join(CHECKOUT, 'examples', 'demo.yaml'), 'utf8')) as DemoSpec
  spec.languages = [...languages]
  spec.crawl.seeds = Object.fromEntries(Object.entries(spec.crawl.seeds).filter(([tag]) => languages.includes(tag)))
  if (biting) {
    spec.crawl.limits.pages_per_host = 6
    spec.filters.near_image.pdq = 31
    spec.select.max_per_host = 0.9
    spec.select.target = Object.fromEntries(languages.map((tag) => [tag, 12]))
  }
  writeFileSync(file, stringify(spec))
  return file
}

/** Settings none of which may change a byte, all unlike the usual ones. */
export const OTHER_SURROUNDINGS = {
  env: {
    TZ: 'Asia/Kathmandu',
    LANG: 'ar_EG.UTF-8',
    LC_ALL: 'ar_EG.UTF-8',
    MELLA_WORKERS: 'orchestrator=2,io=1,cpu=2,model=2',
    MELLA_CONCURRENCY: '3',
    MELLA_SHARD_SIZE: '137',
  },
  umask: '077',
  cwd: '/',
} as const
