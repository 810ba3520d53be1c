import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  DataStore,
  hdf5FallbackDefinition,
  ImageView,
  limaDefinition,
  nextLimaAcquisition,
  type Scan,
  scanSequenceDefinition,
  walk,
  walkEvents,
} from "../../../src/index.js";
import type { ScanSequenceStream } from "../../../src/scan/sequence.js";
import type { Hdf5FallbackStream } from "../../../src/stream/plugins/hdf5-fallback.js";
import type { LimaStream } from "../../../src/stream/plugins/lima.js";
import { MemoryTracker } from "../../../src/tracker/index.js";
import { resources, until } from "../../support/abort.js";
import { testAbortedCalls } from "../../support/aborted-calls.js";
import { fixtureCamera } from "../../support/lima.js";
import { startProxiedRedis } from "../../support/store.js";

const { proxy } = await startProxiedRedis({ maxmemory: "100mb" });

interface Things {
  readonly store: DataStore;
  readonly scan: Scan;
  readonly camera: LimaStream;
  readonly backed: Hdf5FallbackStream;
  readonly sequence: ScanSequenceStream;
}

async function things(): Promise<Things> {
  const store = await DataStore.connect(proxy.url);
  const published = await store.createScan({
    name: "abort",
    number: 1,
    data_policy: "no_policy",
    session: "s",
  });
  const camera = published.createStream("camera", limaDefinition(fixtureCamera()));
  const backed = published.createStream(
    "backed",
    hdf5FallbackDefinition({ dtype: "<f8", file: "/nowhere.h5", dataset: "/d" }),
  );
  const sequence = published.createStream("sequence", scanSequenceDefinition());
  await published.prepare();
  await camera.send({ last_index: 3, last_index_saved: 3 });
  await backed.send(1);
  await sequence.send({ key: published.key });
  for (const stream of [camera, backed, sequence]) await stream.flush();
  const scan = await store.loadScan(published.key);
  const stream = (name: string) => scan.streams.get(name) as unknown;
  return {
    store,
    scan,
    camera: stream("camera") as LimaStream,
    backed: stream("backed") as Hdf5FallbackStream,
    sequence: stream("sequence") as ScanSequenceStream,
  };
}

type Call = (things: Things, options: { signal: AbortSignal }) => Promise<unknown>;

const drain = async (items: AsyncIterable<unknown>) => {
  for await (const _ of items);
};

/** Every public function that asks Redis: what it does while Redis does not answer. */
const asking: Record<string, Call> = {
  "lima.length": ({ camera }, options) => camera.length(options),
  "lima.isSealed": ({ camera }, options) => camera.isSealed(options),
  "lima.progress": ({ camera }, options) => camera.progress(options),
  "lima.at": ({ camera }, options) => camera.at(0, options),
  "lima.slice": ({ camera }, options) => camera.slice(0, 3, 1, options),
  "lima.values": ({ camera }, options) => camera.values(options).next(),
  "lima.cursor": ({ camera }, options) => camera.cursor(options).next(),
  "fallback.length": ({ backed }, options) => backed.length(options),
  "fallback.isSealed": ({ backed }, options) => backed.isSealed(options),
  "fallback.at": ({ backed }, options) => backed.at(0, options),
  "fallback.slice": ({ backed }, options) => backed.slice(0, 1, 1, options),
  "fallback.values": ({ backed }, options) => backed.values(options).next(),
  "sequence.length": ({ sequence }, options) => sequence.length(options),
  "sequence.at": ({ sequence }, options) => sequence.at(0, options),
  "sequence.scan": ({ sequence }, options) => sequence.scan(0, options),
  "sequence.slice": ({ sequence }, options) => sequence.slice(0, 1, 1, options),
  "sequence.scans": ({ sequence }, options) => sequence.scans(options).next(),
  nextLimaAcquisition: ({ store }, options) => nextLimaAcquisition(store, "id00/lima/cam", options),
  "scan.getData": ({ scan }, options) => scan.getData(options),
  "view.getImage": ({ camera }, options) => new ImageView(camera, 0, 3).getImage(0, options),
  "view.images": ({ camera }, options) => new ImageView(camera, 0, 3).images(options).next(),
  walk: ({ store }, options) => drain(walk(store, "s", options)),
  walkEvents: ({ store }, options) => drain(walkEvents(store, "s", options)),
  "tracker.look": ({ store }, options) => new MemoryTracker(store).look(options),
  "tracker.reports": ({ store }, options) => new MemoryTracker(store).reports(options).next(),
};

/** Every public function that waits: what it does while nothing happens. */
const waiting: Record<string, Call> = {
  "lima.at a file to be closed": ({ camera }, options) =>
    camera.at(2, { ...options, wait: true, timeout: 60_000 }),
  "lima.at an image": ({ camera }, options) => camera.at(20, { ...options, wait: true }),
  "lima.at from the end": ({ camera }, options) => camera.at(-1, { ...options, wait: true }),
  "lima.slice": ({ camera }, options) => camera.slice(0, 20, 1, { ...options, wait: true }),
  "lima.values": ({ camera }, options) => drain(camera.values(options)),
  "lima.cursor": ({ camera }, options) => drain(camera.cursor(options)),
  "fallback.values": ({ backed }, options) => drain(backed.values(options)),
  "sequence.scans": ({ sequence }, options) => drain(sequence.scans(options)),
  "view.getImage": ({ camera }, options) =>
    new ImageView(camera, 0, 3).getImage(-1, { ...options, wait: true }),
  walk: ({ store }, options) => drain(walk(store, "s", options)),
  walkEvents: ({ store }, options) => drain(walkEvents(store, "s", options)),
};

describe("an aborted call", () => {
  testAbortedCalls(asking, waiting, things, proxy);

  test("of tracker.reports leaves no timer behind", async () => {
    const { store } = await things();
    const before = resources();
    const controller = new AbortController();
    const reports = new MemoryTracker(store).reports({ signal: controller.signal });
    await reports.next();
    const next = expect(reports.next()).rejects.toThrow("enough");
    controller.abort(new Error("enough"));
    await next;
    await until(() => resources().length <= before.length);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    await store.close();
  });
});
