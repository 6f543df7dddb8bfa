import type { Client } from '@temporalio/client'
import { AppError } from '../../schema/contracts/errors.ts'
import type { Progress } from '../progress.ts'
import type { Session } from './connect.ts'
import { FullDisk } from './full-disk.ts'

const LOOK_MS = 5_000
/** An activity that failed so often is worth a line; one failure is a normal event. */
const MIN_ATTEMPTS = 3
/** Running workflows looked at: the trouble of a job is the same in all its shards. */
const MOST_WORKFLOWS = 20
const FULL_CODE = 'STORE_FULL'
/** What the system and Postgres say of a full disk elsewhere. */
const FULL = /ENOSPC|EDQUOT|SYSTEM_53100|no space left|disk quota/i

/** What keeps a running job from going on. */
export interface Trouble {
  /** Names the activity's work: workflow and number. */
  key: string
  activity: string
  attempts: number
  /** Of the fault; the system's and Postgres's own begin with SYSTEM_. */
  code: string
  message: string
}

/** Activities that fail again and again, the one that did so most often first; none when all goes well. */
export async function findTroubles(client: Client): Promise<Trouble[]> {
  const troubles: Trouble[] = []
  let seen = 0
  for await (const { workflowId } of client.workflow.list({ query: 'ExecutionStatus = "Running"' })) {
    seen += 1
    if (seen > MOST_WORKFLOWS) break
    const { raw } = await client.workflow.getHandle(workflowId).describe()
    for (const pending of raw.pendingActivities ?? []) {
      const failure = pending.lastFailure
      // A worker that died is no trouble: its work is done by another.
      if (!failure || failure.timeoutFailureInfo || (pending.attempt ?? 0) < MIN_ATTEMPTS) continue
      troubles.push({
        key: `${workflowId} ${pending.activityId ?? ''}`,
        activity: pending.activityType?.name ?? '',
        attempts: pending.attempt ?? 0,
        code: failure.applicationFailureInfo?.type ?? '',
        message: failure.message ?? '',
      })
    }
  }
  return troubles.sort((a, b) => b.attempts - a.attempts)
}

/** What the activity noted under the code that the history has of it. */
async function withWords(db: Session['db'], trouble: Trouble): Promise<Trouble> {
  const noted = await db
    .selectFrom('release_state')
    .select(['note', 'updated_at'])
    .where('note_code', '=', trouble.code)
    .unionAll(db.selectFrom('crawl_state').select(['note', 'updated_at']).where('note_code', '=', trouble.code))
    .orderBy('updated_at', 'desc')
    .executeTakeFirst()
  return { ...trouble, message: noted?.note ?? trouble.message }
}

function isFull({ code, message }: Trouble): boolean {
  return code === FULL_CODE || FULL.test(code) || FULL.test(message)
}

/**
 * Says what keeps the job from going on, once for each message, for as long as a command waits. `failed` rejects with
 * DISK_FULL when only a person can help; `next` is what goes on with the job then. Call `stop` to stop looking.
 */
export function watchTrouble(
  session: Pick<Session, 'temporal' | 'db'>,
  progress: Progress,
  next: string,
): { failed: Promise<never>; stop(): void } {
  const said = new Set<string>()
  const disk = new FullDisk()
  let timer: NodeJS.Timeout
  let stopped = false
  let fail: (error: Error) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  failed.catch(() => {})
  const look = async () => {
    // A Temporal that is away now is asked next time.
    const troubles = await session
      .temporal()
      .then(findTroubles)
      .then((found) => Promise.all(found.map((one) => withWords(session.db, one))))
      .catch(() => [])
    const [trouble] = troubles
    if (trouble && !said.has(trouble.message)) {
      said.add(trouble.message)
      progress.say(
        `waiting: ${trouble.activity} failed ${trouble.attempts} times and is tried again: ${trouble.message}`,
      )
    }
    const full = troubles.filter(isFull)
    if (disk.staysFull(full, performance.now()))
      fail(
        new AppError(
          'DISK_FULL',
          `disk full: ${full[0]?.message}; what is committed stays, the job waits for workers`,
          {
            mend: `free space, then ${next}`,
          },
        ),
      )
    if (!stopped) timer = setTimeout(() => void look(), LOOK_MS)
  }
  timer = setTimeout(() => void look(), LOOK_MS)
  return {
    failed,
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}
