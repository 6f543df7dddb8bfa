import type { NormaliseConfig } from '../activities/normalise/normalise-picture.ts'

/** What the picture thread can do; bytes move there. */
export type PictureTask =
  | { kind: 'normalise'; bytes: Uint8Array<ArrayBuffer>; config: NormaliseConfig }
  | { kind: 'classify'; released: Uint8Array<ArrayBuffer> }
  | { kind: 'pdq-reference'; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'start-classifier' }
