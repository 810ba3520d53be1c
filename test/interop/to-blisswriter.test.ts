import { spawn } from "node:child_process";
import { once } from "node:events";
import { rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { openHdf5Reader } from "../../src/hdf5/reader.js";
import { mapping } from "../../src/index.js";
import { compareFiles } from "../../src/writer/compare/compare-files.js";
import { Writer } from "../../src/writer/index.js";
import { pythonPath } from "../support/python.js";
import { makeTestFolder, startTestStore } from "../support/store.js";

const { redis, store } = await startTestStore();
const folder = await makeTestFolder("to-blisswriter");
const file = join(folder, "data.h5");

const SCANS = 4;
/** The i-th point of a stream of each dtype. */
const POINTS: ReadonlyMap<string, (i: number) => unknown> = new Map<string, (i: number) => unknown>([
  ["|b1", (i) => i % 2 === 0],
  ["|i1", (i) => -i],
  ["<u2", (i) => i],
  [">i4", (i) => -i],
  ["<i8", (i) => BigInt(i) - 2n ** 62n],
  ["<u8", (i) => 2n ** 64n - 1n - BigInt(i)],
  ["<f2", (i) => i / 2],
  ["<f4", (i) => (i === 0 ? Number.NaN : i / 3)],
  [">f8", (i) => i / 3],
  ["<c16", (i) => [i, -i]],
]);

function layout(number: number, more: Readonly<Record<string, string>> = {}) {
  const data = Object.fromEntries(
    [...POINTS.keys()].map((dtype, i) => [`d${i}`, mapping.stream(dtype, { units: "mm" })]),
  );
  return {
    [file]: mapping.root({
      [`${number}.1`]: mapping.entry({
        title: `scan ${number}`,
        ...more,
        detector: mapping.group("NXdetector", {
          ...data,
          spectrum: mapping.stream("spectrum"),
          image: mapping.stream("image"),
        }),
        measurement: mapping.group("NXcollection", { d0: mapping.softLink(`/${number}.1/detector/d0`) }),
      }),
    }),
  };
}

/** Until blisswriter waits for a scan's states: a scan that is prepared while it is being loaded is lost to it. */
async function loaded(): Promise<void> {
  const waiting = (clients: unknown) => String(clients).match(/ flags=b .* cmd=xread /g)?.length ?? 0;
  while (waiting(await store.redis.commands.call(["CLIENT", "LIST"])) < 2); // one waits for new scans
}

async function publish(number: number): Promise<void> {
  const identity = { name: "ours", number, data_policy: "no_policy", session: "ours", path: file };
  const scan = await store.createScan(identity);
  await loaded();
  const scalars = [...POINTS].map(([dtype, at]) => ({ stream: scan.createStream(dtype, { dtype }), at }));
  const spectrum = scan.createStream("spectrum", { dtype: "<f4", shape: [-1] });
  const image = scan.createStream("image", { dtype: "<u2", shape: [3, 4] });
  scan.info.h5maps = layout(number);
  await scan.prepare();
  await scan.start();
  for (let i = 0; i < 5; i++) {
    for (const { stream, at } of scalars) await stream.send(at(i));
    await spectrum.send(Float32Array.from({ length: i + 1 }, (_, k) => k / 2));
    await image.send(Uint16Array.from({ length: 24 }, (_, k) => k * i));
  }
  await scan.stop();
  scan.info.h5maps = layout(number, { end_time: "2025-01-01T00:00:00+01:00" });
  await scan.close();
}

test("blisswriter writes what nxlive publishes into the same files as our writer", async () => {
  const blisswriter = spawn(join(dirname(pythonPath()), "blisswriter"), ["run", redis.url]);
  const ended = once(blisswriter, "exit");
  try {
    const lines = createInterface(blisswriter.stderr)[Symbol.asyncIterator]();
    await lines.next(); // it listens
    for (let number = 1; number <= SCANS; number++) {
      await publish(number);
      for (let line = ""; !line.includes("Saving complete"); line = String((await lines.next()).value)) {
        expect(line).not.toMatch(/ERROR|Not to be saved|undefined/);
      }
    }
  } finally {
    blisswriter.kill("SIGINT");
    await ended;
  }
  const theirs = join(folder, "theirs.h5");
  await rename(file, theirs);
  await using writer = await Writer.start(store, { leastFree: 0 });
  let written = 0;
  for await (const { state, message } of writer.statuses()) {
    if (state === "FAILED") throw new Error(message);
    if (state === "COMPLETE" && ++written === SCANS) break;
  }
  await writer.drain();
  await using one = await openHdf5Reader(theirs);
  await using other = await openHdf5Reader(file);
  const differences: unknown[] = [];
  for await (const difference of compareFiles(one, other)) differences.push(difference);
  expect(differences).toEqual([]);
});
