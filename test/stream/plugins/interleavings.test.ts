import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resolveAxis } from "../../../src/ndarray/slice.js";
import type { PrivateRedis } from "../../../src/redis/server.js";
import { DataStore } from "../../../src/scan/store.js";
import { hdf5FallbackDefinition, limaDefinition } from "../../../src/stream/plugins/definitions.js";
import { LimaFiles } from "../../../src/stream/plugins/lima-files.js";
import { runPython } from "../../support/python.js";
import { startTestRedis } from "../../support/redis.js";
import { scanWith } from "./support.js";

const IMAGES = 40;

let redis: PrivateRedis;
let store: DataStore;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nxlive-interleavings-"));
  redis = await startTestRedis();
  store = await DataStore.connect(redis.url);
  // Image i is full of i, in files of 4 images, for acquisitions of 10: 4 + 4 + 2, 4 + 4 + 2, …
  await runPython(
    `
import h5py, numpy, sys
number = 0
for first in range(0, ${IMAGES}, 10):
    for start, count in ((0, 4), (4, 4), (8, 2)):
        with h5py.File(f"{sys.argv[1]}/img_{number:04d}.h5", "w") as f:
            values = numpy.arange(first + start, first + start + count, dtype="uint16")
            f["data"] = numpy.repeat(values, 6).reshape(count, 2, 3)
        number += 1
with h5py.File(f"{sys.argv[1]}/data.h5", "w") as f:
    f["points"] = numpy.arange(1000.0)
`,
    [folder],
  );
});
afterAll(async () => {
  await store?.close();
  await redis.stop();
  await rm(folder, { recursive: true });
});

const saving = { dataPath: "/data", fileFormat: "hdf5", fileOffset: 0, framesPerFile: 4 };

/** What the detector and the memory tracker do, one after the other. */
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ taken: fc.nat(9), saved: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.constant("trim" as const) },
  ),
  { minLength: 1, maxLength: 12 },
);

test("whatever the statuses and the trimming, a cursor hands out every image once, in order, and none too early", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 7 }), async (actions, maxPoints) => {
      const { publisher, stream } = await scanWith(
        store,
        limaDefinition({
          dtype: "<u2",
          shape: [2, 3],
          serverUrl: "x",
          bufferMaxNumber: 1,
          framesPerAcquisition: 10,
          acquisitionOffset: 0,
          saving: { ...saving, filePath: join(folder, "img_%04d.h5") },
        }),
      );
      const files = new LimaFiles({ ...saving, filePath: "%d", framesPerAcquisition: 10 });
      let [taken, saved] = [-1, -1];
      let readable = () => files.readable(saved, false);
      const handedOut: number[] = [];
      const reading = (async () => {
        for await (const view of stream.cursor({ maxPoints })) {
          expect(view.length).toBeLessThanOrEqual(maxPoints);
          expect(view.lost).toBe(0);
          expect(view.index).toBe(handedOut.length);
          const images = await view.data();
          for (let i = 0; i < view.length; i++) handedOut.push(Number(images.get(i, 1, 2)));
          // None is handed out before its file was closed by what has been published until now.
          expect(handedOut.length).toBeLessThanOrEqual(readable());
        }
      })();
      for (const action of actions) {
        if (action === "trim") {
          await publisher.flush();
          await store.redis.commands.call(["XTRIM", publisher.key, "MAXLEN", "1"]);
          continue;
        }
        taken = Math.min(IMAGES - 1, taken + action.taken);
        saved = Math.min(taken, saved + action.saved);
        await publisher.send({ last_index: taken, last_index_saved: saved });
      }
      saved = taken;
      await publisher.send({ last_index: taken, last_index_saved: saved });
      readable = () => saved + 1;
      await publisher.seal();
      await reading;
      expect(handedOut).toEqual(Array.from({ length: taken + 1 }, (_, i) => i));
    }),
    { numRuns: 40 },
  );
});

const publishing = fc.array(
  fc.oneof(
    fc.record({ send: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ keep: fc.nat(3) }),
    fc.record({ slice: fc.tuple(fc.nat(40), fc.nat(40), fc.constantFrom(1, 3, -2)) }),
  ),
  { minLength: 1, maxLength: 15 },
);

test("whatever is trimmed and when, a stream that is backed by a file is read whole", async () => {
  await fc.assert(
    fc.asyncProperty(publishing, fc.integer({ min: 1, max: 7 }), async (actions, maxPoints) => {
      const file = join(folder, "data.h5");
      const definition = hdf5FallbackDefinition({ dtype: "<f8", file, dataset: "/points" });
      const { publisher, stream } = await scanWith(store, definition);
      const read: unknown[] = [];
      const reading = (async () => {
        for await (const view of stream.cursor({ maxPoints })) {
          expect(view).toMatchObject({ index: read.length, lost: 0 });
          read.push(...((await view.data()).toNested() as number[]));
        }
      })();
      let length = 0;
      for (const action of actions) {
        if ("send" in action) {
          await publisher.send(Array.from({ length: action.send }, (_, i) => length + i));
          length += action.send;
        } else if ("keep" in action) {
          await publisher.flush();
          await store.redis.commands.call(["XTRIM", publisher.key, "MAXLEN", 1 + action.keep]);
        } else {
          await publisher.flush();
          const [start, stop, step] = action.slice;
          const range = resolveAxis([start, stop, step], length);
          const wanted = Array.from({ length: range.count }, (_, i) => range.start + i * step);
          expect((await stream.slice(start, stop, step)).toNested()).toEqual(wanted);
        }
      }
      await publisher.seal();
      await reading;
      expect(read).toEqual(Array.from({ length }, (_, i) => i));
    }),
    { numRuns: 40 },
  );
});
