import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A busy machine takes longer than vitest's second to start a process.
    expect: { poll: { timeout: 20_000 } },
    // Most tests wait for Redis, Python and child processes: two at once pay off on small machines, too.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
