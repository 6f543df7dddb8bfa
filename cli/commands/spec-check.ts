import { AppError, EXIT } from '../../schema/contracts/errors.ts'
import { readSpecFile } from '../../infra/spec-file.ts'
import type { Command } from '../command.ts'

export const specCheckCommand: Command = {
  name: 'spec check',
  summary: 'validate a release spec; says every fault with line and column',
  args: ['SPEC'],
  options: {},
  json: true,
  example: './mella spec check my.yaml',
  run: async ({ args: [file = ''], json, out }) => {
    try {
      const spec = readSpecFile(file)
      if (json) out.json({ file, ok: true, faults: [], spec })
      else out.line(`${file}: ok, ${spec.dataset} ${spec.version} in ${spec.languages.join(', ')}`)
      return EXIT.ok
    } catch (error) {
      const faults = error instanceof AppError && error.code === 'BAD_SPEC' ? error.details['faults'] : null
      if (!json || faults === null) throw error
      out.json({ file, ok: false, faults, spec: null })
      return EXIT.usage
    }
  },
}
