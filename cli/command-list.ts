import type { Command } from './command.ts'
import { downCommand } from './commands/down.ts'
import { specCheckCommand } from './commands/spec-check.ts'
import { specInitCommand } from './commands/spec-init.ts'
import { upCommand } from './commands/up.ts'

/** All commands, in the order in which help shows them. */
export const COMMANDS: readonly Command[] = [upCommand, downCommand, specCheckCommand, specInitCommand]
