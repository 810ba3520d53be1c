// captures WRITER: recorded scans are sent one after the other with their own timing while WRITER (nxlive or blisswriter) writes them; the
// time from the last command to the writer's last "complete", its CPU time and its peak memory. h5py then reads all files.
// They are those whose files our writer leaves just as blisswriter does. They have fixed keys: a database of their own.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataStore } from "nxlive";
import { RedisClient } from "../../src/redis/client.js";
import { replayCaptures } from "../../src/redis/replay.js";
import { startPrivateRedis } from "../../src/redis/server.js";
import { completed, monotonic, python, startWriter, stopped, usage } from "./writers.js";

const [which = ""] = process.argv.slice(3);
const CAPTURES = [
  "aborted_no_stop",
  "big_endian",
  "dtypes_all",
  "end_update",
  "images_chunked",
  "inline_dtypes",
  "nexus_full",
  "scalars_batches",
  "scalars_chunked",
  "scalars_one_by_one",
  "scans_sequential",
  "spectra_fixed",
  "varlen_spectra",
].map((name) => join("fixtures/h5maps", name));

const folder = mkdtempSync(join(tmpdir(), "nxlive-bench-"));
await using redis = await startPrivateRedis();
await using store = await DataStore.connect(redis.url);
await store.initialise();
const client = new RedisClient(redis.url);
const writer = await startWriter(which, redis.url, "golden");
try {
  const complete = completed(
    writer,
    CAPTURES.map(scansOf).reduce((all, some) => all + some),
  );
  const options = { rebase: [{ from: "/tmp/nxgolden", to: folder }] };
  const replayed = replayCaptures(client, CAPTURES.map(commandsOf), options).then(monotonic);
  const [completion, end] = await Promise.all([complete, replayed]);
  const seconds = completion - end;
  const { cpu, rss } = usage(writer.pid);
  const digest = execFileSync(python, ["bench/peers/digest.py", folder], { encoding: "utf8" });
  process.stdout.write(`${JSON.stringify({ seconds, cpu, rss, result: JSON.parse(digest) as unknown })}\n`);
} finally {
  client.close();
  await stopped(writer, "SIGINT");
  rmSync(folder, { recursive: true, force: true });
}

function commandsOf(capture: string): string {
  const plain = join(capture, "redis.jsonl");
  return existsSync(plain) ? plain : `${plain}.gz`;
}

function scansOf(capture: string): number {
  return Object.keys(JSON.parse(readFileSync(join(capture, "scan.json"), "utf8")) as object).length;
}
