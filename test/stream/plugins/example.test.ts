import { expect, test, vi } from "vitest";
import { startTestRedis } from "../../support/redis.js";

test("the example of a plugin reads its spectra while they are measured", async () => {
  await using redis = await startTestRedis();
  vi.stubEnv("REDIS_URL", redis.url);
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => {
    lines.push(line);
  });
  await import("../../../examples/plugin.js");
  expect(lines).toEqual([1, 2, 3, 4, 5].map((mean) => `spectrum of 1024 channels, mean ${mean}`));
});
