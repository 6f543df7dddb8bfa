import { downCommand } from './commands/down.ts'
import { upCommand } from './commands/up.ts'
import type { Command } from './command.ts'

/** All commands, in the order in which help shows them. */
export const COMMANDS: readonly Command[] = [upCommand, downCommand]
