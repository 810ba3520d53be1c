import { getEventListeners, once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import {
  DataStore,
  type EventSource,
  type PublishedScan,
  type Scan,
  type SharedView,
  type StreamPublisher,
  shareStream,
} from "../../src/index.js";
import { resources, until } from "../support/abort.js";
import { testAbortedCalls } from "../support/aborted-calls.js";
import { startProxiedRedis } from "../support/store.js";

const { proxy } = await startProxiedRedis();

interface Things {
  readonly store: DataStore;
  readonly published: PublishedScan;
  /** The same scan, as another process would publish into it. */
  readonly opened: PublishedScan;
  readonly publisher: StreamPublisher;
  readonly scan: Scan;
  readonly stream: EventSource;
  /** What a worker was given of the stream. */
  readonly shared: SharedView;
}

async function things(): Promise<Things> {
  const store = await DataStore.connect(proxy.url);
  const published = await store.createScan({ name: "abort", number: 1, data_policy: "no_policy" });
  const publisher = published.createStream("x", { dtype: "<f8" });
  await published.prepare();
  await publisher.send([1, 2]);
  await publisher.flush();
  const opened = await store.openScan(published.key);
  const scan = await store.loadScan(published.key);
  const stream = scan.streams.get("x")?.events;
  if (!stream) throw new Error("no stream");
  const { value: shared } = await shareStream(stream, { group: "other", worker: "w" }).next();
  if (!shared) throw new Error("nothing to share");
  return { store, published, opened, publisher, scan, stream, shared };
}

type Call = (things: Things, options: { signal: AbortSignal }) => Promise<unknown>;

/** Every public function that asks Redis: what it does while Redis does not answer. */
const asking: Record<string, Call> = {
  "store.initialise": ({ store }, options) => store.initialise(options),
  "store.createScan": ({ store }, options) =>
    store.createScan({ name: "x", number: 1, data_policy: "x" }, {}, options),
  "store.loadScan": ({ store, scan }, options) => store.loadScan(scan.key, options),
  "store.openScan": ({ store, scan }, options) => store.openScan(scan.key, options),
  "store.lastScan": ({ store }, options) => store.lastScan(options),
  "store.nextScan": ({ store }, options) => store.nextScan(options),
  "store.search": ({ store }, options) => store.search({}, options),
  "store.timetag": ({ store }, options) => store.timetag(options),
  "store.scans": ({ store }, options) => store.scans(options).next(),
  "store.states": ({ store, scan }, options) => store.states([scan.key], options),
  "store.deleteScan": ({ store, scan }, options) => store.deleteScan(scan.key, options),
  "store.cursorGroup": ({ store, stream }, options) =>
    store.cursorGroup([stream], { ...options, from: 1 }).next(),
  "scan.refresh": ({ scan }, options) => scan.refresh(options),
  "scan.waitFor": ({ scan }, options) => scan.waitFor("CLOSED", options),
  "scan.reached": ({ scan }, options) => scan.reached("CLOSED", options),
  "published.start": ({ published }, options) => published.start(options),
  "published.close": ({ published }, options) => published.close(options),
  "published.sealAll": ({ published }, options) => published.sealAll(options),
  "published.openStream": ({ opened }, options) => opened.openStream("x", options),
  "publisher.flush": ({ publisher }, options) => {
    void publisher.send(1);
    return publisher.flush(options);
  },
  "publisher.send": ({ publisher }, options) => publisher.send(new Float64Array(4_000_000), options),
  "publisher.seal": ({ publisher }, options) => publisher.seal(options),
  "stream.length": ({ stream }, options) => stream.length(options),
  "stream.isSealed": ({ stream }, options) => stream.isSealed(options),
  "stream.last": ({ stream }, options) => stream.last(options),
  "stream.at": ({ stream }, options) => stream.at(0, options),
  "stream.slice": ({ stream }, options) => stream.slice(0, 2, 1, options),
  "stream.values": ({ stream }, options) => stream.values(options).next(),
  "stream.cursor": ({ stream }, options) => stream.cursor(options).next(),
  shareStream: ({ stream }, options) => shareStream(stream, { ...options, group: "g", worker: "w" }).next(),
  "sharedView.acknowledge": ({ shared }, options) => shared.acknowledge(options),
};

/** Every public function that waits: what it does while nothing happens. */
const waiting: Record<string, Call> = {
  "store.nextScan": ({ store }, options) => store.nextScan({ ...options, timeout: 60_000 }),
  "store.scans": ({ store }, options) => store.scans(options).next(),
  "store.cursorGroup": ({ store, stream }, options) =>
    store.cursorGroup([stream], { ...options, from: 2 }).next(),
  "cursorGroup.read": ({ store, stream }, options) =>
    store.cursorGroup([stream], { from: 2 }).read({ ...options, timeout: 60_000 }),
  "scan.states": async ({ scan }, options) => {
    for await (const state of scan.states(options)) if (state === "CLOSED") break;
  },
  "scan.waitFor": ({ scan }, options) => scan.waitFor("CLOSED", { ...options, timeout: 60_000 }),
  "scan.reached": ({ scan }, options) => scan.reached("CLOSED", { ...options, timeout: 60_000 }),
  "stream.at": ({ stream }, options) => stream.at(5, { ...options, wait: true, timeout: 60_000 }),
  "stream.at from the end": ({ stream }, options) => stream.at(-1, { ...options, wait: true }),
  "stream.slice": ({ stream }, options) => stream.slice(0, 5, 1, { ...options, wait: true }),
  "stream.slice to the seal": ({ stream }, options) => stream.slice(0, null, 1, { ...options, wait: true }),
  "stream.waitForMore": ({ stream }, options) => stream.waitForMore(5, { ...options, wait: true }),
  "stream.waitSeal": ({ stream }, options) => stream.waitSeal({ ...options, timeout: 60_000 }),
  "stream.values": ({ stream }, options) => stream.values({ ...options, from: 2 }).next(),
  "stream.cursor": ({ stream }, options) => stream.cursor({ ...options, from: 2 }).next(),
  shareStream: async ({ stream }, options) => {
    for await (const view of shareStream(stream, { ...options, group: "g", worker: "w" }))
      await view.acknowledge();
  },
};

describe("an aborted call", () => {
  testAbortedCalls(asking, waiting, things, proxy);

  test("of connecting rejects while the server does not answer, and leaves nothing behind", async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket));
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const before = resources();
    const controller = new AbortController();
    const { port } = silent.address() as AddressInfo;
    const connecting = DataStore.connect(`redis://127.0.0.1:${port}`, { signal: controller.signal });
    const outcome = expect(connecting).rejects.toThrow("enough");
    await once(silent, "connection");
    controller.abort(new Error("enough"));
    await outcome;
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    for (const socket of sockets) socket.destroy();
    await until(() => resources().length <= before.length);
    silent.close();
  });
});
