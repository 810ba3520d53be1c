import type { Connection } from "./connection.js";
import { positionsKey, WRITER_KEYS } from "./writer-keys.js";

/**
 * Positions of live writers in the streams that they write, so that the memory tracker trims nothing that is not in a
 * file yet.
 *
 * Layout: the set `nxlive:writer:ids` names the writers; for each, the hash `nxlive:writer:positions:<id>` maps a stream's
 * key (`esrf:stream:<ULID>`) to the index of the first entry that is not on disk (0: nothing yet). All entries from there
 * on are needed. The hash lives for POSITIONS_TTL ms and is renewed while the writer lives: a hash that is gone means
 * a dead writer, whose needs no longer count. Streams of which only the newest entry matters (lima) are not listed: the
 * tracker always keeps the last entry.
 */
export const POSITIONS_TTL = 30_000;

/** Publishes where a writer is in its streams, and that it lives; `done` are streams that it no longer needs. */
export async function publishPositions(
  connection: Connection,
  writer: string,
  positions: ReadonlyMap<string, number>,
  done: readonly string[] = [],
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  const key = positionsKey(writer);
  // The field "" is no stream: it keeps the hash alive while the writer needs nothing.
  const fields = [...positions].flat();
  await connection.transaction(
    [
      ["SADD", WRITER_KEYS.writers, writer],
      ["HSET", key, "", Date.now(), ...fields],
      ...(done.length > 0 ? [["HDEL", key, ...done]] : []),
      ["PEXPIRE", key, POSITIONS_TTL],
    ],
    { repeatable: true, ...options },
  );
}

/** Takes a writer off the list, at its orderly end. */
export async function withdrawPositions(connection: Connection, writer: string): Promise<void> {
  await connection.transaction(
    [
      ["DEL", positionsKey(writer)],
      ["SREM", WRITER_KEYS.writers, writer],
    ],
    {
      repeatable: true,
    },
  );
}

/**
 * For each stream that a live writer still needs: the first entry needed, the lowest when several writers need it.
 * Streams that are missing in the result may be trimmed freely. Dead writers are taken off the list.
 */
export async function neededPositions(
  connection: Connection,
  options: { signal?: AbortSignal } = {},
): Promise<Map<string, number>> {
  const repeatable = { repeatable: true, ...options };
  const members = await connection.call(["SMEMBERS", WRITER_KEYS.writers], repeatable);
  const writers = Array.isArray(members) ? members.map(String) : [];
  const hashes = await connection.pipeline(
    writers.map((writer) => ["HGETALL", positionsKey(writer)]),
    repeatable,
  );
  const needed = new Map<string, number>();
  const dead: string[] = [];
  hashes.forEach((hash, i) => {
    const fields = Array.isArray(hash) ? hash.map(String) : [];
    if (fields.length === 0) dead.push(writers[i] ?? "");
    for (let k = 0; k + 1 < fields.length; k += 2) {
      const stream = fields[k] ?? "";
      if (stream === "") continue;
      const index = Number(fields[k + 1]);
      needed.set(stream, Math.min(index, needed.get(stream) ?? index));
    }
  });
  if (dead.length > 0) await connection.call(["SREM", WRITER_KEYS.writers, ...dead], repeatable);
  return needed;
}
