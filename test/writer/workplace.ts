import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { DataStore } from "../../src/scan/store.js";
import { startTestRedis } from "../support/redis.js";

/** What a test of the writer needs. */
export interface Workplace {
  /** Connected to a private Redis. */
  readonly store: DataStore;
  /** A folder for files. */
  readonly root: string;
}

/** Gives each test of a file its own; to be read within the tests. */
export function workplace(): Workplace {
  let current: Workplace | undefined;
  let leave = async () => {};
  beforeEach(async () => {
    const redis = await startTestRedis();
    const store = await DataStore.connect(redis.url);
    const root = await mkdtemp(join(tmpdir(), "nxlive-writer-"));
    current = { store, root };
    leave = async () => {
      await store.close();
      await redis.stop();
      await rm(root, { recursive: true, force: true });
    };
  });
  afterEach(() => leave());
  const get = () => {
    if (!current) throw new Error("A workplace exists within tests only.");
    return current;
  };
  return {
    get store() {
      return get().store;
    },
    get root() {
      return get().root;
    },
  };
}
