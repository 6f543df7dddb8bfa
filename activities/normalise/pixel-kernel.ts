import { readFileSync } from 'node:fs'

/** Longest side of a plane that the kernel holds, and of a picture (`MAX_IMAGE_SIDE`). */
const SIDE = 512
const ROW = 65_536
/** Numbers from one line of `plane` to the next. */
const STRIDE = SIDE + 16

/**
 * Inner loops over pixels, compiled from pixel-kernel.c: many times as fast as here. All work on memory that the kernel
 * owns, one picture at a time.
 */
interface Kernel {
  memory: { buffer: ArrayBuffer }
  strip(): number
  small(): number
  luma(): number
  moments(): number
  bins(): number
  plane(): number
  matrix(): number
  frequencies(): number
  /** Before a picture's first strip: its size, and that of `luma`, of the sample in `plane` and of the shrunk picture; 0 where one is not wanted. */
  begin(
    width: number,
    height: number,
    lumaWidth: number,
    lumaHeight: number,
    sampleWidth: number,
    sampleHeight: number,
    smallWidth: number,
    smallHeight: number,
  ): void
  /** Reads so many rows from `strip`; returns the bytes of the shrunk picture that they completed, which lie in `small`. */
  readStrip(rows: number): number
  /** Sum and sum of squares of the Laplacian of `luma`, into `moments`. */
  laplacian(): void
  /** Of `luma`, into `bins`. */
  histogram(): void
  /** Blurs the sample and leaves 64x64 places of it at the head of `plane`. */
  blurredGrid(): void
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
export const strip = new Uint8Array(buffer, kernel.strip(), 3 * ROW)
export const small = new Uint8Array(buffer, kernel.small(), 3 * ROW)
export const luma = new Float32Array(buffer, kernel.luma(), SIDE * SIDE)
export const moments = new Float64Array(buffer, kernel.moments(), 2)
export const bins = new Uint32Array(buffer, kernel.bins(), 256)
export const plane = new Float32Array(buffer, kernel.plane(), SIDE * STRIDE)
export const matrix = new Float32Array(buffer, kernel.matrix(), 16 * 64)
export const frequencies = new Float32Array(buffer, kernel.frequencies(), 16 * 16)
