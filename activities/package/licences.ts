/** Licences that people put on data, by SPDX identifier; the Hub's identifier where it is not the same in lower case. */
const KNOWN: Record<string, string | null> = {
  'Apache-2.0': null,
  MIT: null,
  'CC0-1.0': null,
  'CC-BY-2.0': null,
  'CC-BY-2.5': null,
  'CC-BY-3.0': null,
  'CC-BY-4.0': null,
  'CC-BY-SA-3.0': null,
  'CC-BY-SA-4.0': null,
  'CC-BY-NC-2.0': null,
  'CC-BY-NC-3.0': null,
  'CC-BY-NC-4.0': null,
  'CC-BY-ND-4.0': null,
  'CC-BY-NC-ND-3.0': null,
  'CC-BY-NC-ND-4.0': null,
  'CC-BY-NC-SA-2.0': null,
  'CC-BY-NC-SA-3.0': null,
  'CC-BY-NC-SA-4.0': null,
  'CDLA-Sharing-1.0': null,
  'CDLA-Permissive-1.0': null,
  'CDLA-Permissive-2.0': null,
  'ODC-By-1.0': 'odc-by',
  'ODbL-1.0': 'odbl',
  'PDDL-1.0': 'pddl',
  Unlicense: null,
}

export interface LicenceForms {
  /** `license` and what goes with it in the card's front matter. */
  hub: { license: string; license_name?: string; license_link?: string }
  /** Address of a known licence, null for any other text. */
  url: string | null
}

/** How a release's licence is written where readers expect identifiers: SPDX names are known, any other text is `other`. */
export function licenceForms(licence: string): LicenceForms {
  const spdx = Object.keys(KNOWN).find((id) => id.toLowerCase() === licence.trim().toLowerCase())
  if (spdx)
    return { hub: { license: KNOWN[spdx] ?? spdx.toLowerCase() }, url: `https://spdx.org/licenses/${spdx}.html` }
  const url = /^https?:\/\/\S+$/.test(licence.trim()) ? licence.trim() : null
  const name = licence
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^-|-$/g, '')
  return {
    hub: { license: 'other', license_name: url || !name ? 'see-card' : name, license_link: url ?? 'README.md' },
    url,
  }
}
