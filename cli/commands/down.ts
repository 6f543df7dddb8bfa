import { EXIT } from '../../schema/contracts/errors.ts'
import { stopServices } from '../../infra/services/services.ts'
import type { Command } from '../command.ts'

export const downCommand: Command = {
  name: 'down',
  summary: 'stop the embedded Postgres and Temporal; their data stay',
  args: [],
  options: {},
  json: true,
  example: './mella down',
  run: async ({ settings, json, out, progress }) => {
    const stopped = await stopServices(settings(), progress.say)
    if (json) out.json({ stopped })
    else out.line(stopped.length === 0 ? 'nothing was running' : `stopped: ${stopped.join(', ')}`)
    return EXIT.ok
  },
}
