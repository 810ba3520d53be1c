import type { RedisClient, RequestOptions } from "./client.js";
import { type Command, exists } from "./commands.js";
import { RedisOutOfMemoryError } from "./errors.js";
import { KEYS } from "./keys.js";
import { asList, asNothing, asText } from "./replies.js";
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

/**
 * Publishes where a writer is in its streams, and that it lives; `done` are streams that it no longer needs. When Redis is
 * out of memory the positions published before stay as they are, for as long again, and RedisOutOfMemoryError is thrown. Nothing
 * is put into a database that was emptied: nobody could initialise it any more.
 */
export async function publishPositions(
  client: RedisClient,
  writer: string,
  positions: ReadonlyMap<string, number>,
  done: readonly string[] = [],
  options: RequestOptions = {},
): Promise<void> {
  if (!(await client.do(exists(KEYS.protocolVersion), options))) return;
  const key = positionsKey(writer);
  // The field "" is no stream: it keeps the hash alive while the writer needs nothing.
  const fields = [...positions].flat();
  const live = change(["PEXPIRE", key, POSITIONS_TTL]);
  const forget = done.length > 0 ? [change(["HDEL", key, ...done])] : [];
  const publish = [
    change(["SADD", WRITER_KEYS.writers, writer]),
    change(["HSET", key, "", Date.now(), ...fields]),
    ...forget,
    live,
  ];
  try {
    await client.atomically(publish, options);
  } catch (error) {
    // The older positions protect more than is needed, never less; without them the tracker would trim all.
    if (error instanceof RedisOutOfMemoryError) await client.atomically([...forget, live], options);
    throw error;
  }
}

/** Takes a writer off the list, at its orderly end. */
export async function withdrawPositions(
  client: RedisClient,
  writer: string,
  options: RequestOptions = {},
): Promise<void> {
  await client.atomically(
    [change(["DEL", positionsKey(writer)]), change(["SREM", WRITER_KEYS.writers, writer])],
    options,
  );
}

/**
 * For each stream that a live writer still needs: the first entry needed, the lowest when several writers need it.
 * Streams that are missing in the result may be trimmed freely. Dead writers are taken off the list.
 */
export async function neededPositions(
  client: RedisClient,
  options: RequestOptions = {},
): Promise<Map<string, number>> {
  const writers = await client.do(texts(["SMEMBERS", WRITER_KEYS.writers]), options);
  const hashes = await client.all(
    writers.map((writer) => texts(["HGETALL", positionsKey(writer)])),
    options,
  );
  const needed = new Map<string, number>();
  const dead: string[] = [];
  hashes.forEach((fields, i) => {
    if (fields.length === 0) dead.push(writers[i] ?? "");
    for (let k = 0; k + 1 < fields.length; k += 2) {
      const stream = fields[k] ?? "";
      if (stream === "") continue;
      const index = Number(fields[k + 1]);
      needed.set(stream, Math.min(index, needed.get(stream) ?? index));
    }
  });
  if (dead.length > 0) await client.do(change(["SREM", WRITER_KEYS.writers, ...dead]), options);
  return needed;
}

/** All these commands may be sent twice. */
function change(args: readonly (string | number)[]): Command<void> {
  return { args, parse: asNothing, repeatable: true };
}

function texts(args: readonly string[]): Command<string[]> {
  return { args, parse: (reply) => asList(reply).map(asText), repeatable: true };
}
