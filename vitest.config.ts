import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: './test/global-setup.ts',
    // No test measures time. These limits are for what hangs, on a machine that is busy with other things: the peers of the interop
    // tests are processes that compete with the tests for the processors.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two files at a time, each in a process of its own; within a file one test after the other.
    maxWorkers: 2,
    pool: 'forks',
  },
})
