/** Every stored double has 4 decimals, rounded before anything compares it. */
export function round4(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
