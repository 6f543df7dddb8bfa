import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const MAIN = join(import.meta.dirname, '..', '..', 'cli', 'main.ts')

function shell(line: string): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)('sh', ['-c', line, process.execPath, MAIN])
}

test('the exit code of a command is that of the process', async () => {
  expect((await shell('"$0" "$1" nonsense 2>/dev/null; echo $?')).stdout).toBe('2\n')
})

test('a reader that closes the pipe early is no error', async () => {
  expect(await shell('"$0" "$1" spec init | true')).toEqual({ stdout: '', stderr: '' })
})
