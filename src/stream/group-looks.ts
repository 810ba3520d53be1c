import type { RedisClient } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { RedisCommandError } from "../redis/errors.js";
import type { Entry } from "../redis/replies.js";
import { parseEntry } from "./entry.js";
import type { ScanGuard } from "./followable.js";
import type { Follower } from "./follower.js";

/** Finds the entries that hold the first wanted points of those who have none yet. */
export async function lookForFirst(
  redis: RedisClient,
  active: readonly Follower[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const starting = active.filter((follower) => !follower.begun);
  const finds = starting.map(({ stream, next }) => commands.xrevrange(stream.key, String(next), "-", 1));
  const found = await redis.all(finds, { signal });
  starting.forEach((follower, i) => {
    alone(follower, () => follower.begin(found[i] ?? []));
  });
}

/** Gives those who want only the newest event that event; true when any has news. */
export async function lookForNewest(
  redis: RedisClient,
  active: readonly Follower[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const jumping = active.filter((follower) => follower.jump && !follower.sealed);
  // Two entries: the newest may be the seal.
  const looks = jumping.map(({ stream }) => commands.xrevrange(stream.key, "+", "-", 2));
  const found = await redis.all(looks, { signal });
  let news = false;
  jumping.forEach((follower, i) => {
    follower.jump = false;
    alone(follower, () => {
      const useful = newestOf(follower, found[i] ?? []);
      if (useful.length === 0) return;
      follower.receive(useful);
      news = true;
    });
  });
  return news;
}

/** The newest event that is wanted, and the seal when that has come; `entries` has the newest first. */
function newestOf(follower: Follower, entries: readonly Entry[]): Entry[] {
  const read = entries.map((entry) => ({ entry, parsed: parseEntry(entry, follower.stream.name) }));
  const wanted = read.filter(({ parsed }) => parsed.kind === "seal" || parsed.index >= follower.next);
  const useful = read[0]?.parsed.kind === "seal" ? wanted : wanted.slice(0, 1);
  return useful.map(({ entry }) => entry).reverse();
}

/** Nothing came for a while: streams of closed scans end, streams of deleted ones fail. */
export async function lookAtScans(
  active: readonly Follower[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const guards = new Map<ScanGuard, Promise<boolean>>();
  for (const { stream } of active) {
    const { guard } = stream.events;
    if (!guards.has(guard)) guards.set(guard, guard({ signal }));
  }
  await Promise.allSettled(guards.values());
  signal?.throwIfAborted();
  for (const follower of active) {
    const closed = guards.get(follower.stream.events.guard);
    await closed?.then(
      (value) => {
        follower.closing = value;
      },
      (error) => follower.fail(error),
    );
  }
}

/** One key that is no stream makes Redis refuse the read of all: finds the culprits, which fail alone. */
export async function lookForCulprits(
  redis: RedisClient,
  active: readonly Follower[],
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!(error instanceof RedisCommandError)) throw error;
  const looks = active.map(({ stream }) => commands.xlen(stream.key).args);
  const replies = await redis.commands.pipeline(looks, { signal, repeatable: true });
  const culprits = active.filter((_, i) => replies[i] instanceof Error);
  if (culprits.length === 0) throw error;
  for (const culprit of culprits) culprit.fail(error);
}

/** Lets a follower take its part; what goes wrong with that concerns its stream only. */
export function alone(follower: Follower, part: () => void): void {
  try {
    part();
  } catch (error) {
    follower.fail(error);
  }
}
