import type { Command } from './command.ts'

/** A command by name; its file is loaded when it is asked for, so that none waits for what others import. */
export interface CommandEntry {
  name: string
  load: () => Promise<Command>
}

/** All commands, in the order in which help shows them. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: 'demo', load: async () => (await import('./commands/demo.ts')).demoCommand },
  { name: 'test', load: async () => (await import('./commands/test.ts')).testCommand },
  { name: 'up', load: async () => (await import('./commands/up.ts')).upCommand },
  { name: 'down', load: async () => (await import('./commands/down.ts')).downCommand },
  { name: 'doctor', load: async () => (await import('./commands/doctor.ts')).doctorCommand },
  { name: 'spec check', load: async () => (await import('./commands/spec-check.ts')).specCheckCommand },
  { name: 'spec init', load: async () => (await import('./commands/spec-init.ts')).specInitCommand },
  { name: 'worker', load: async () => (await import('./commands/worker.ts')).workerCommand },
  { name: 'crawl start', load: async () => (await import('./commands/crawl-start.ts')).crawlStartCommand },
  { name: 'crawl probe', load: async () => (await import('./commands/crawl-probe.ts')).crawlProbeCommand },
  { name: 'crawl list', load: async () => (await import('./commands/crawl-list.ts')).crawlListCommand },
  { name: 'crawl show', load: async () => (await import('./commands/crawl-show.ts')).crawlShowCommand },
  { name: 'crawl pause', load: async () => (await import('./commands/crawl-control.ts')).crawlPauseCommand },
  { name: 'crawl resume', load: async () => (await import('./commands/crawl-resume.ts')).crawlResumeCommand },
  { name: 'crawl retry', load: async () => (await import('./commands/crawl-resume.ts')).crawlRetryCommand },
  { name: 'crawl freeze', load: async () => (await import('./commands/crawl-control.ts')).crawlFreezeCommand },
  { name: 'crawl cancel', load: async () => (await import('./commands/crawl-control.ts')).crawlCancelCommand },
  { name: 'crawl explain', load: async () => (await import('./commands/crawl-explain.ts')).crawlExplainCommand },
  { name: 'release launch', load: async () => (await import('./commands/release-launch.ts')).releaseLaunchCommand },
  { name: 'release list', load: async () => (await import('./commands/release-list.ts')).releaseListCommand },
  { name: 'release show', load: async () => (await import('./commands/release-show.ts')).releaseShowCommand },
  { name: 'release pause', load: async () => (await import('./commands/release-control.ts')).releasePauseCommand },
  { name: 'release resume', load: async () => (await import('./commands/release-control.ts')).releaseResumeCommand },
  { name: 'release cancel', load: async () => (await import('./commands/release-control.ts')).releaseCancelCommand },
  { name: 'release export', load: async () => (await import('./commands/release-export.ts')).releaseExportCommand },
  { name: 'release verify', load: async () => (await import('./commands/release-verify.ts')).releaseVerifyCommand },
  { name: 'sample list', load: async () => (await import('./commands/sample-list.ts')).sampleListCommand },
  { name: 'sample trace', load: async () => (await import('./commands/sample-trace.ts')).sampleTraceCommand },
  { name: 'sample explain', load: async () => (await import('./commands/sample-explain.ts')).sampleExplainCommand },
  { name: 'conformance', load: async () => (await import('./commands/conformance.ts')).conformanceCommand },
]
