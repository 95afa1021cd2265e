/** How a guest that is suspended waits for several things. */
import { expect, it, vi } from 'vitest'
import { suspending } from '../../src/wasi/waiting.ts'

const pollable = (promise: Promise<void>) => ({ ready: () => false, block: () => promise })

it('Waiting beside something that does not come leaves nothing behind there', async () => {
  const never = new Promise<void>(() => {})
  const told = vi.spyOn(never, 'then')
  let left = 1000
  await suspending.until(
    () => (left-- > 0 ? undefined : { value: undefined }),
    () => [pollable(never), pollable(Promise.resolve())],
  )
  expect(left).toBe(-1)
  expect(told.mock.calls.length).toBe(1)
})

it('All who wait for one thing are told, and what it fails with', async () => {
  let [isThere, tell] = [false, () => {}]
  const thing = new Promise<void>(resolve => {
    tell = resolve
  })
  const wait = () =>
    suspending.until(
      () => (isThere ? { value: 'there' } : undefined),
      () => [pollable(thing), pollable(thing)],
    )
  const both = Promise.all([wait(), wait()])
  await Promise.resolve()
  isThere = true
  tell()
  expect(await both).toEqual(['there', 'there'])

  const waiting = suspending.until(
    () => undefined,
    () => [pollable(Promise.reject(new Error('it broke')))],
  )
  await expect(waiting).rejects.toThrow('it broke')
})
