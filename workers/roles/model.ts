import { createGenerateActivities } from '../../activities/generate/generate.activity.ts'
import { loadPrompts } from '../../activities/generate/prompts.ts'
import { describeText } from '../../activities/text/describe-text.ts'
import { type LanguageDetectors, loadDetectors } from '../../infra/detectors.ts'
import { createModelClient, type ModelClient } from '../../infra/models/model-client.ts'
import type { Runtime } from '../runtime.ts'

/** One HTTP exchange; a large model on a slow machine takes minutes. */
const TIMEOUT_MS = 300_000
/** How long one call waits in all for a service that says 429. */
const MAX_WAIT_MS = 240_000
/** Simultaneous calls to one service from this process. */
const CONCURRENCY = 8

/** Model calls: one client per service, whose limits are shared by all shards of this process. */
export async function modelActivities(runtime: Runtime) {
  // Some seconds and hundreds of megabytes, for generated texts alone.
  let detectors: Promise<LanguageDetectors> | null = null
  const clients = new Map<string, ModelClient>()
  return createGenerateActivities({
    ...runtime,
    prompts: loadPrompts(),
    describeText: async (text, languages) => describeText(text, await (detectors ??= loadDetectors()), languages),
    concurrency: CONCURRENCY,
    clientOf: (task, call) => {
      const service = runtime.settings.models[task]
      const baseUrl = service.baseUrl ?? call.base_url
      const key = JSON.stringify([call.provider, baseUrl])
      const known = clients.get(key)
      if (known) return known
      const client = createModelClient({
        provider: call.provider,
        base_url: baseUrl,
        apiKey: service.apiKey ?? undefined,
        limits: { concurrency: CONCURRENCY, timeoutMs: TIMEOUT_MS, maxWaitMs: MAX_WAIT_MS },
      })
      clients.set(key, client)
      return client
    },
  })
}
