import type { ReleaseSpec } from '../../schema/contracts/spec.ts'

/** Who made the dataset, as the spec says; catalogues require a name, so a spec without one stands under the dataset's. */
export function creatorsOf(spec: ReleaseSpec): string[] {
  return spec.card.creators.length > 0 ? spec.card.creators : [`The makers of ${spec.dataset}`]
}
