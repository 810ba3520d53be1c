import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { parseTarget } from "../../src/redis/target.js";

function refusalOf(url: string): unknown {
  try {
    return parseTarget(url);
  } catch (error) {
    return error;
  }
}

describe("a URL", () => {
  test.each([
    ["redis://localhost", { host: "localhost", port: 6379, db: 0 }],
    ["redis://host:6380/3", { host: "host", port: 6380, db: 3 }],
    ["redis://me:s%40crt@host", { host: "host", port: 6379, db: 0, username: "me", password: "s@crt" }],
    ["redis://:secret@host?protocol=2", { host: "host", port: 6379, db: 0, password: "secret" }],
    ["rediss://host", { host: "host", port: 6379, db: 0, tls: {} }],
    ["redis://[::1]:7000", { host: "::1", port: 7000, db: 0 }],
    ["unix:///run/redis.sock?db=1", { path: "/run/redis.sock", db: 1 }],
    [
      "redis+sentinel://:secret@a,b:26380/main/1",
      {
        sentinels: [
          { host: "a", port: 26379 },
          { host: "b", port: 26380 },
        ],
        name: "main",
        db: 1,
        password: "secret",
        sentinelRetryStrategy: expect.any(Function),
      },
    ],
  ])("%s is understood", (url, options) => {
    const target = parseTarget(url);
    expect(target.options).toEqual(options);
    expect(target.label).not.toMatch(/secret|s@crt/);
  });

  test.each([
    "redis://me:s3cret@host:99999",
    "redis://:p/s3cret@host",
    "redis://:s3cret%@host",
    "redis://:s3cret@host/x",
    "redis+sentinel://:s3cret@host",
  ])("%s is refused without telling its password", (url) => {
    const refusal = refusalOf(url);
    expect(refusal).toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
    expect(inspect(refusal)).not.toContain("s3cret");
  });

  test("that is no text is refused: it was forgotten", () => {
    expect(refusalOf(JSON.parse("null"))).toMatchObject({
      code: "ERR_INVALID_ARGUMENT",
      message: "A Redis URL is a text, not null.",
    });
  });

  test.each(["localhost:6379", "http://host", "redis://host/x", "redis+sentinel://host", ""])(
    "%s is refused",
    (url) => {
      expect(() => parseTarget(url)).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARGUMENT" }));
    },
  );
});
