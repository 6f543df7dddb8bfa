import type { NormaliseConfig } from '../activities/normalise/normalise-picture.ts'

/** A picture in the store, which the thread reads for itself; `sha256` in hex. */
export interface StoredPicture {
  file: string
  sha256: string
}

/** What the picture thread can do; bytes move there. */
export type PictureTask =
  | { kind: 'normalise'; source: Uint8Array<ArrayBuffer> | StoredPicture; config: NormaliseConfig }
  | { kind: 'classify'; released: Uint8Array<ArrayBuffer> }
  | { kind: 'pdq-reference'; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'start-classifier' }
