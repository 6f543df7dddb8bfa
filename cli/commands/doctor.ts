import { AppError, EXIT } from '../../schema/contracts/errors.ts'
import type { Settings } from '../../infra/config.ts'
import { diagnose, type Check } from '../../infra/diagnosis.ts'
import type { Command } from '../command.ts'
import { table } from '../output.ts'

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'say what is wrong with the set-up and the services, and the command that mends it',
  args: [],
  options: {},
  json: true,
  example: './mella doctor',
  run: async ({ settings, json, out }) => {
    const checks = await checksOf(settings)
    if (json) out.json({ ok: checks.every(({ ok }) => ok), checks })
    else
      out.line(
        table(
          checks.map(({ name, ok, fact, mend }) => [
            ok ? 'ok' : 'WRONG',
            name,
            mend === null ? fact : `${fact}\n         try: ${mend}`,
          ]),
        ),
      )
    return checks.every(({ ok }) => ok) ? EXIT.ok : EXIT.failed
  },
}

/** Bad settings are a finding here, and nothing else can be looked at without them. */
async function checksOf(settings: () => Settings): Promise<Check[]> {
  let current: Settings
  try {
    current = settings()
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const { lines, mend } = error.details
    return [{ name: 'settings', ok: false, fact: (lines as string[]).join('; '), mend: String(mend) }]
  }
  return [{ name: 'settings', ok: true, fact: 'all readable', mend: null }, ...(await diagnose(current))]
}
