import { EXIT } from '../../schema/contracts/errors.ts'
import { servicesStatus, startServices } from '../../infra/services/services.ts'
import type { Command } from '../command.ts'

export const upCommand: Command = {
  name: 'up',
  summary: 'start the embedded Postgres and Temporal, unless they run',
  args: [],
  options: {},
  json: true,
  example: './mella up',
  run: async ({ settings, json, out, progress }) => {
    const current = settings()
    const { temporalAddress } = await startServices(current, progress.say)
    const services = await servicesStatus(current)
    if (json) {
      out.json({ services, temporal: temporalAddress })
      return EXIT.ok
    }
    for (const { name, kind, pid, port } of services) {
      out.line(kind === 'own' ? `${name}: your own service` : `${name}: running, process ${pid}, port ${port}`)
    }
    return EXIT.ok
  },
}
