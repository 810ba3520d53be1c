import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { NdArray } from "../../src/index.js";
import { parseExactJson, plainJson } from "../../src/json.js";
import { RedisClient } from "../../src/redis/client.js";
import { replayCaptures } from "../../src/redis/replay.js";
import { createEncoding, parseEncoding } from "../../src/stream/encoding.js";
import { decodePoints, type RawPoints } from "../../src/stream/points.js";
import { capture, fixture } from "../support/fixtures.js";
import { startTestStore } from "../support/store.js";

const { redis, store } = await startTestStore();

type Argument = string | { readonly b64: string };

/** The arguments of all write commands of a capture. */
function commandsOf(name: string): Argument[][] {
  const file = capture(name);
  const bytes = readFileSync(file);
  const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  return text
    .trim()
    .split("\n")
    .map((line): Argument[] => JSON.parse(line).args);
}

function bytesOf(argument: Argument | undefined): Buffer {
  return typeof argument === "object" ? Buffer.from(argument.b64, "base64") : Buffer.from(argument ?? "");
}

/** Payload and number of points of each entry that was published into a stream. */
function publishedInto(key: string, commands: readonly Argument[][]): { payload: Buffer; length: number }[] {
  return commands
    .filter(([command, stream]) => command === "XADD" && stream === key)
    .map((args) => {
      const fields = new Map<Argument, Argument | undefined>();
      for (let i = 3; i < args.length; i += 2) fields.set(args[i] ?? "", args[i + 1]);
      return { payload: bytesOf(fields.get("payload")), length: Number(fields.get("len") ?? 1) };
    });
}

/** Large arrays by their bytes: element by element would take minutes. */
function comparable({ data }: NdArray): unknown {
  if (!ArrayBuffer.isView(data)) return data;
  return createHash("sha1")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
}

const names = readdirSync(fixture("h5maps")).map((name) => `h5maps/${name}`);

describe("the captures of real publishers", () => {
  test.each(names)("%s: every stream gives the points that were published", async (name) => {
    const commands = commandsOf(name);
    const client = new RedisClient(redis.url);
    const replayed = await replayCaptures(client, [capture(name)], { speed: Number.POSITIVE_INFINITY });
    client.close();
    for (const key of replayed[0]?.scans ?? []) {
      const scan = await store.openScan(key).catch(() => undefined);
      const expired = name.endsWith("deleted_forced");
      expect(scan === undefined).toBe(expired);
      for (const stream of scan?.streams.values() ?? []) {
        const { events } = stream;
        const encoding = parseEncoding(events.encoding, stream.name);
        const blocks = publishedInto(stream.key, commands).map(({ payload, length }): RawPoints => {
          const points = encoding.decode(payload, length);
          return { dtype: points.dtype, shape: points.shape ?? [], data: points.data };
        });
        if (stream.failure) {
          expect(stream.failure.code).toBe("ERR_PLUGIN_MISSING");
          continue;
        }
        const wanted = decodePoints(blocks, encoding.dtype, encoding.shape);
        const found = await events.slice();
        expect(found.dtype).toBe(createEncoding(wanted.dtype, encoding.shape).dtype);
        expect(found.shape).toEqual(wanted.shape);
        expect(comparable(found)).toEqual(comparable(wanted));
        expect(await events.isSealed()).toBe(true);
        expect(await events.length()).toBe(wanted.shape[0]);
      }
    }
  });

  test.each(names)("%s: every scan ends as its final document says", async (name) => {
    const documents = plainJson(parseExactJson(readFileSync(fixture(name, "scan.json"), "utf8")));
    for (const [key, document] of Object.entries(documents as Record<string, { id: object; info: object }>)) {
      if (name.endsWith("deleted_forced")) continue; // it is gone
      const scan = await store.loadScan(key);
      expect(document.id).toMatchObject(scan.id);
      expect(scan.info).toEqual(document.info);
      expect(scan.state).toBe("CLOSED");
    }
  });
});
