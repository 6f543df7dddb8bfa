import { createAddressGuard } from '../../infra/address-guard.ts'
import { createWebFetcher } from '../../infra/http.ts'
import type { FetchRequest, FetchResult, WebFetcher, WebFetcherOptions } from '../../infra/http.ts'

export type TestFetcher = WebFetcher & {
  get(url: string, request?: Partial<FetchRequest>): Promise<FetchResult>
  [Symbol.asyncDispose](): Promise<void>
}

/** The real fetcher, permitted to visit `allow`, with limits that a test may narrow. */
export function aFetcher(options: Partial<WebFetcherOptions> & { allow?: string[] } = {}): TestFetcher {
  const { allow = ['127.0.0.0/8'], ...rest } = options
  const fetcher = createWebFetcher({ guard: createAddressGuard({ allow }), ...rest })
  return {
    ...fetcher,
    get: (url, request = {}) => fetcher.fetchOnce(aRequest({ url, ...request })),
    [Symbol.asyncDispose]: () => fetcher.close(),
  }
}

export function aRequest(changes: Partial<FetchRequest> = {}): FetchRequest {
  return {
    url: 'http://site.example/',
    userAgent: 'test/1.0 (+https://test.example)',
    maxBodyBytes: 1_000_000,
    deadlineMs: 5000,
    maxRatio: 200,
    ...changes,
  }
}

/** What a test compares: the outcome without its times. */
export function outcomeOf(
  result: FetchResult,
): { status: number; body: string } | { reason: string; errorCode: string } {
  return result.kind === 'response'
    ? { status: result.status, body: result.body.toString() }
    : { reason: result.reason, errorCode: result.errorCode }
}
