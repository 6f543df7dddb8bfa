/** Reads when first asked and keeps what came; a read that failed is made again by the next who asks. */
export function readOnce<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let reading: Promise<Value> | null = null
  return () =>
    (reading ??= read().catch((error: unknown) => {
      reading = null
      throw error
    }))
}
