import { readFileSync } from 'node:fs'

/** Longest side of a plane that the kernel holds, and of a row of pixels (`MAX_IMAGE_SIDE`). */
const SIDE = 512
const ROW = 65_535

/**
 * Inner loops over pixels, compiled from pixel-kernel.c: four times as fast as here. All work on memory that the kernel
 * owns, one picture at a time; numbers are places and lengths in its arrays.
 */
interface Kernel {
  memory: { buffer: ArrayBuffer }
  row(): number
  ends(): number
  shares(): number
  luma(): number
  moments(): number
  bins(): number
  plane(): number
  taken(): number
  matrix(): number
  frequencies(): number
  /** Sums the lumas of `width` pixels of `row` into `cells` cells of a line; `ends` and `shares` say which pixels lie in which. */
  averageLine(width: number, cells: number): void
  /** Adds a share of the line to `luma` from `start` on. */
  addLine(start: number, cells: number, share: number): void
  clear(cells: number): void
  divide(cells: number, area: number): void
  /** Sum and sum of squares of the Laplacian of `luma`, into `moments`. */
  laplacian(width: number, height: number): void
  /** Of `luma`, into `bins`. */
  histogram(cells: number): void
  /** Lumas of the pixels of `row` that `taken` names, into `plane` from `start` on. */
  sampleRow(start: number, places: number): void
  /** Blurs `plane` and leaves 64x64 places of it there. */
  blurredGrid(width: number, height: number): void
  /** `matrix` times that grid times the matrix turned, into `frequencies`. */
  dct16(): void
}

/** As much of the language's own interface as is used here: the types of Node know none of it. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: unknown }
}

const bytes = readFileSync(new URL('pixel-kernel.wasm', import.meta.url))
export const kernel = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Kernel

/** The kernel's memory never grows, so that these stay what they are. */
const { buffer } = kernel.memory
export const row = new Uint8Array(buffer, kernel.row(), 3 * ROW)
export const ends = new Uint32Array(buffer, kernel.ends(), SIDE)
export const shares = new Float64Array(buffer, kernel.shares(), SIDE)
export const luma = new Float64Array(buffer, kernel.luma(), SIDE * SIDE)
export const moments = new Float64Array(buffer, kernel.moments(), 2)
export const bins = new Uint32Array(buffer, kernel.bins(), 256)
export const taken = new Uint32Array(buffer, kernel.taken(), SIDE)
export const plane = new Float32Array(buffer, kernel.plane(), SIDE * SIDE)
export const matrix = new Float32Array(buffer, kernel.matrix(), 16 * 64)
export const frequencies = new Float32Array(buffer, kernel.frequencies(), 16 * 16)
