import { describe, expect, it } from 'vitest'
import { createBodyBudget } from '../../infra/body-budget.ts'
import { aFetcher } from '../support/web-fetcher.ts'
import { serve } from '../support/web-site.ts'

/** Whether a promise has resolved by now, and to what. */
async function stateOf(answer: true | Promise<boolean>): Promise<boolean | 'waits'> {
  return Promise.race([answer, new Promise<'waits'>((resolve) => setImmediate(() => resolve('waits')))])
}

describe('body budget', () => {
  it('lets bodies grow together up to half of it, and one alone beyond', async () => {
    const budget = createBodyBudget(100)
    const [first, second, third] = [budget.open(), budget.open(), budget.open()]
    expect([first.grow(30), second.grow(20), third.grow(1)]).toEqual([true, true, true])
    // The third asked for more than the half first, so it has the rest.
    expect(third.grow(40)).toBe(true)
    const waiting = first.grow(21)
    expect([budget.held, budget.isShort, await stateOf(waiting)]).toEqual([91, true, 'waits'])
    third.close()
    expect([budget.held, budget.isShort, await stateOf(waiting)]).toEqual([71, false, true])
  })

  it('serves who waits in order of asking, as room comes', async () => {
    const budget = createBodyBudget(100)
    const [full, favoured, ...others] = Array.from({ length: 4 }, () => budget.open())
    expect([full?.grow(50), favoured?.grow(50)]).toEqual([true, true])
    const asked = others.map((share) => share.grow(30))
    full?.shrink(30)
    expect(await Promise.all(asked.map(stateOf))).toEqual([true, 'waits'])
    favoured?.close()
    expect(await Promise.all(asked.map(stateOf))).toEqual([true, true])
    expect(budget.held).toBe(80)
  })

  it('tells who waits that its share was closed, and gives back each byte once', async () => {
    const budget = createBodyBudget(10)
    const [full, favoured, closed] = [budget.open(), budget.open(), budget.open()]
    expect([full.grow(5), favoured.grow(5)]).toEqual([true, true])
    const waiting = closed.grow(1)
    closed.close()
    expect([await stateOf(waiting), budget.isShort]).toEqual([false, false])
    full.close()
    full.close()
    full.shrink(5)
    expect([await stateOf(full.grow(1)), budget.held]).toEqual([false, 5])
  })
})

describe('web fetcher under a body budget', () => {
  it('reads large bodies one after the other rather than all at once, and loses none', async () => {
    const size = 400_000
    await using site = await serve((_request, response) => response.end(Buffer.alloc(size, 'x')))
    const bodies = createBodyBudget(1_000_000)
    await using fetcher = aFetcher({ bodies })
    let most = 0
    const got = await Promise.all(
      Array.from({ length: 8 }, async (_, no) => {
        const share = bodies.open()
        const result = await fetcher.get(`${site.url}/${no}`, { share })
        most = Math.max(most, bodies.held)
        share.close()
        return result.kind === 'response' ? result.body.length : result.reason
      }),
    )
    expect(got).toEqual(Array.from({ length: 8 }, () => size))
    expect(most).toBeGreaterThan(size)
    expect(most).toBeLessThanOrEqual(1_000_000)
    expect(bodies.held).toBe(0)
  })
})
