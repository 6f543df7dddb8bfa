import type { Command } from './command.ts'

/** A command by name; its file is loaded when it is asked for, so that none waits for what others import. */
export interface CommandEntry {
  name: string
  load: () => Promise<Command>
}

/** All commands, in the order in which help shows them. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: 'test', load: async () => (await import('./commands/test.ts')).testCommand },
  { name: 'up', load: async () => (await import('./commands/up.ts')).upCommand },
  { name: 'down', load: async () => (await import('./commands/down.ts')).downCommand },
  { name: 'doctor', load: async () => (await import('./commands/doctor.ts')).doctorCommand },
  { name: 'spec check', load: async () => (await import('./commands/spec-check.ts')).specCheckCommand },
  { name: 'spec init', load: async () => (await import('./commands/spec-init.ts')).specInitCommand },
]
