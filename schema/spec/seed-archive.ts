/** A seed that is an archive: a WARC file to take captures from instead of the web. */
export interface SeedArchive {
  /** Where the file lies; its last part is its name. */
  file: string
  name: string
  /** sha256 of the file, lowercase hex; null where a person has not written it. */
  sha256: string | null
}

const WRITTEN = /^warc:(.+?)(?:#sha256=([0-9a-f]{64}))?$/s

/** Null when the seed is no `warc:` one. */
export function readSeedArchive(seed: string): SeedArchive | null {
  const [, file, sha256 = null] = WRITTEN.exec(seed) ?? []
  if (file === undefined) return null
  return { file, name: file.slice(file.lastIndexOf('/') + 1), sha256 }
}

export function writeSeedArchive(file: string, sha256: string): string {
  return `warc:${file}#sha256=${sha256}`
}

/** A crawl section without the folders of its archives: name and digest say which file is meant, wherever it lies. */
export function identitySection<Section extends { seeds: Record<string, string[]> }>(section: Section): Section {
  const seeds = Object.entries(section.seeds).map(([declared, list]) => {
    const named = list.map(withoutFolder)
    return [declared, named.some((seed, index) => seed !== list[index]) ? named.toSorted() : list]
  })
  return { ...section, seeds: Object.fromEntries(seeds) as Record<string, string[]> }
}

function withoutFolder(seed: string): string {
  const archive = readSeedArchive(seed)
  return archive?.sha256 ? writeSeedArchive(archive.name, archive.sha256) : seed
}
