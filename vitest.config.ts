import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Most tests wait for Redis, Python and child processes: two at once pay off on small machines, too.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
