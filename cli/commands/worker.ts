import { EXIT, PermanentError } from '../../schema/contracts/errors.ts'
import type { Command } from '../command.ts'
import { connect } from '../jobs/connect.ts'
import { spawnWorker } from '../jobs/worker-processes.ts'

const ROLES = ['orchestrator', 'io', 'cpu', 'model'] as const

export const workerCommand: Command = {
  name: 'worker',
  summary: 'run workers until SIGTERM; they drain, then it ends',
  args: [],
  options: {
    roles: { type: 'string', value: 'LIST', what: `which of ${ROLES.join(',')}; default all, in one process each` },
  },
  json: false,
  example: './mella worker --roles io,cpu',
  run: async (context) => {
    const asked = typeof context.options['roles'] === 'string' ? context.options['roles'].split(',') : [...ROLES]
    const wrong = asked.find((role) => !(ROLES as readonly string[]).includes(role))
    if (wrong !== undefined)
      throw new PermanentError('BAD_USAGE', `role ${wrong}: is none of ${ROLES.join(', ')}`, {
        mend: './mella worker --help',
      })
    {
      // Services and schema are there before a worker looks for them.
      await using session = await connect(context, 'auditor')
      context.out.say(`workers ${asked.join(', ')} on ${session.services.temporalAddress}`)
    }
    const children = asked.map((role) => spawnWorker(context.settings(), [role], null))
    const stop = () => children.forEach((child) => child.kill('SIGTERM'))
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
    const codes = await Promise.all(
      children.map((child) => new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)))),
    )
    return codes.every((code) => code === 0) ? EXIT.ok : EXIT.failed
  },
}
