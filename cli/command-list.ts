import type { Command } from './command.ts'
import { doctorCommand } from './commands/doctor.ts'
import { downCommand } from './commands/down.ts'
import { specCheckCommand } from './commands/spec-check.ts'
import { specInitCommand } from './commands/spec-init.ts'
import { testCommand } from './commands/test.ts'
import { upCommand } from './commands/up.ts'

/** All commands, in the order in which help shows them. */
export const COMMANDS: readonly Command[] = [
  upCommand,
  downCommand,
  doctorCommand,
  specCheckCommand,
  specInitCommand,
  testCommand,
]
