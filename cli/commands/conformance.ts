import path from 'node:path'
import { AppError, EXIT } from '../../schema/contracts/errors.ts'
import type { Command } from '../command.ts'
import { crawlFunctions } from '../conformance/functions.ts'
import { runConformance } from '../conformance/run-conformance.ts'
import { TABLE_KINDS } from '../conformance/table.ts'

export const conformanceCommand: Command = {
  name: 'conformance',
  summary: `run the tables of a folder whose names start with ${TABLE_KINDS.join(', ')} against the functions of the crawl`,
  args: ['DIR'],
  options: {},
  json: true,
  example: './mella conformance ../shared/conformance',
  run: async ({ args: [folder = ''], cwd, json, out }) => {
    const code = await runConformance(path.resolve(cwd, folder), crawlFunctions(), {
      json,
      stdout: { write: (text) => out.line(text.replace(/\n$/, '')) },
    })
    if (code !== EXIT.notFound) return code
    throw new AppError('TABLE_NOT_FOUND', `folder ${folder}: holds no table`, {
      mend: `name a folder with files such as robots-x.json; kinds are ${TABLE_KINDS.join(', ')}`,
    })
  },
}
