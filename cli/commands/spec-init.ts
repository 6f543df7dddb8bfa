import { copyFileSync, constants, existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { EXIT, PermanentError } from '../../schema/contracts/errors.ts'
import type { Command } from '../command.ts'

const TEMPLATE = join(import.meta.dirname, '..', 'spec-template.yaml')

export const specInitCommand: Command = {
  name: 'spec init',
  summary: 'write a commented starting spec',
  args: [],
  options: {
    out: { type: 'string', value: 'FILE', what: 'write to this file, which must not exist; default: stdout' },
  },
  json: false,
  example: './mella spec init --out my.yaml',
  run: async ({ options, cwd, out }) => {
    const target = options['out']
    if (typeof target !== 'string') {
      out.line(readFileSync(TEMPLATE, 'utf8').trimEnd())
      return EXIT.ok
    }
    const path = resolve(cwd, target)
    if (existsSync(path)) {
      throw new PermanentError('FILE_EXISTS', `file ${target}: exists already`, {
        mend: `name another file with --out, or remove it`,
      })
    }
    copyFileSync(TEMPLATE, path, constants.COPYFILE_EXCL)
    out.say(`wrote ${target}; next: ./mella spec check ${target}`)
    return EXIT.ok
  },
}
