import type { Settings } from './config.ts'

/** The settings as flags for a child process; secrets and service addresses reach it through the environment it inherits. */
export function settingsFlags(settings: Settings): Record<string, string> {
  const { store, workers, resolve, models } = settings
  const flags: Record<string, string | null> = {
    home: settings.home,
    cache: settings.cache,
    'temporal-bin': settings.temporalBin,
    store: store.kind === 'folder' ? store.path : `s3://${store.bucket}/${store.prefix}`,
    workers: Object.entries(workers)
      .map(([role, count]) => `${role}=${count}`)
      .join(','),
    concurrency: String(settings.concurrency),
    'shard-size': String(settings.shardSize),
    'abuse-lists': settings.abuseLists.join(',') || null,
    'network-allow': settings.networkAllow.join(',') || null,
    resolve:
      resolve
        .map(
          ({ pattern, host, port }) =>
            `${pattern}=${host.includes(':') ? `[${host}]` : host}${port === null ? '' : `:${port}`}`,
        )
        .join(',') || null,
    'log-level': settings.logLevel,
    'caption-url': models.caption.baseUrl,
    'translate-url': models.translate.baseUrl,
    'thick-url': models.thick.baseUrl,
  }
  return Object.fromEntries(Object.entries(flags).filter((entry): entry is [string, string] => entry[1] !== null))
}
