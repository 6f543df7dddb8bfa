import { writeFileSync } from 'node:fs'
import path from 'node:path'

export interface MadeSites {
  dataset: string
  /** Hosts are `<prefix>0.example` and so on, each a domain of its own: shards are by domain. */
  prefix: string
  hosts: number
  depth: number
  perHost: number
  perAddress: number
}

/** Writes the spec of a crawl of made sites below one home, without delays; returns its file. */
export function writeSpec(home: string, { dataset, prefix, hosts, depth, perHost, perAddress }: MadeSites): string {
  const file = path.join(home, 'spec.yaml')
  const seeds = Array.from({ length: hosts }, (_, host) => `http://${prefix}${host}.example/`)
  writeFileSync(path.join(home, 'seeds.txt'), seeds.join('\n'))
  writeFileSync(
    file,
    `dataset: ${dataset}
version: 1.0.0
date: 2026-01-01
languages: [cs]
card: { title: Bench, creators: [bench], contact: bench@example.org, licence: other }
crawl:
  seeds: { cs: { urls: seeds.txt } }
  scope: host
  limits: { pages_per_host: 1000000, depth: ${depth} }
  politeness: { delay_ms: 0, per_host: ${perHost}, per_address: ${perAddress}, user_agent: "mella-bench/1.0 (+mailto:bench@example.org)", honour: [robots] }
`,
  )
  return file
}
