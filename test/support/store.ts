import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach } from "vitest";
import { DataStore } from "../../src/scan/store.js";
import { startProxy } from "./proxy.js";
import { resetTestRedis, startTestRedis, type TestRedisOptions } from "./redis.js";

/**
 * A private Redis and a store on it for the tests of one file, which awaits them at its top; they end with its last test.
 * With `fresh`, the database is emptied before each test.
 */
export async function startTestStore({
  fresh = false,
  ...options
}: TestRedisOptions & { fresh?: boolean } = {}) {
  const redis = await startTestRedis(options);
  const store = await DataStore.connect(redis.url);
  if (fresh) beforeEach(() => resetTestRedis(redis));
  afterAll(async () => {
    await store.close();
    await redis.stop();
  });
  return { redis, store };
}

/** A private Redis and a proxy before it, for the tests of one file, which awaits them at its top. */
export async function startProxiedRedis(options: TestRedisOptions = {}) {
  const redis = await startTestRedis(options);
  const proxy = await startProxy(redis.port);
  afterAll(async () => {
    await proxy.close();
    await redis.stop();
  });
  return { redis, proxy };
}

/** An empty folder for the tests of one file, removed after the last of them. */
export async function makeTestFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `nxlive-${name}-`));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
