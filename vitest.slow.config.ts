import { defineConfig } from "vitest/config";

/** Tests that take minutes, because what they are about does: `npm run test:slow`. */
export default defineConfig({
  test: { include: ["test/**/*.slow.ts"], testTimeout: 600_000 },
});
