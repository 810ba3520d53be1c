import { describe } from "vitest";
import { DataStore, type Dataset, File, type Group } from "../../src/index.js";
import { testAbortedCalls } from "../support/aborted-calls.js";
import { resetTestRedis } from "../support/redis.js";
import { sent } from "../support/sent.js";
import { startProxiedRedis } from "../support/store.js";
import { FILE, startScan } from "./demo-scan.js";

const { redis, proxy } = await startProxiedRedis();

interface Things {
  readonly store: DataStore;
  readonly file: File;
  readonly alone: File;
  readonly group: Group;
  readonly data: Dataset;
}

async function things(): Promise<Things> {
  await resetTestRedis(redis);
  const store = await DataStore.connect(proxy.url);
  const { scan, diode } = await startScan(store);
  await sent(diode, 1);
  const file = await File.open(FILE, { store });
  const alone = await File.ofScan(await store.loadScan(scan.key), { store });
  const group = await file.get<Group>("/12.1/instrument/diode");
  const data = await group.get("data");
  await new Promise(setImmediate); // what the last look told does not hold any more
  return { store, file, alone, group, data };
}

type Call = (things: Things, options: { signal: AbortSignal }) => Promise<unknown>;

/** Every call that asks Redis: what it does while Redis does not answer. */
const asking: Record<string, Call> = {
  "File.open": ({ store }, options) => File.open(FILE, { ...options, store }),
  "File.ofScan": ({ store }, options) =>
    store.loadScan("esrf:scan:none", options).then((scan) => File.ofScan(scan, options)),
  "file.snapshot": ({ file }, options) => file.snapshot(options),
  "file.names": async ({ file }, options) => file.names(options).next(),
  "file.get": async ({ file }, options) => file.get("/12.1", options),
  "file.has": ({ file }, options) => file.has("/12.1", options),
  "file.keys": ({ file }, options) => file.keys(options),
  "file.items": ({ file }, options) => file.items(options),
  "file.visit": ({ file }, options) => file.visit(() => undefined, options),
  "file.get of a link": ({ file }, options) =>
    file.get("/12.1/measurement/diode", { ...options, link: true }),
  "file.attrs": ({ file }, options) => file.attrs.all(options),
  "the keys of a scan's file": ({ alone }, options) => alone.keys(options),
  "group.keys": ({ group }, options) => group.keys(options),
  "group.signal": ({ group }, options) => group.signal(options),
  "group.attrs": ({ group }, options) => group.attrs.all(options),
  "dataset.shape": ({ data }, options) => data.shape(options),
  "dataset.length": ({ data }, options) => data.length(options),
  "dataset.sealed": ({ data }, options) => data.sealed(options),
  "dataset.value": ({ data }, options) => data.value({ ...options, wait: false }),
  "dataset.at": ({ data }, options) => data.at(0, options),
  "dataset.slice": ({ data }, options) => data.slice(0, 1, options),
  "dataset.points": ({ data }, options) => data.points(options).next(),
  "dataset.blocks": ({ data }, options) => data.blocks(options).next(),
};

/** Every call that waits for data. */
const waiting: Record<string, Call> = {
  "dataset.at": ({ data }, options) => data.at(5, options),
  "dataset.slice": ({ data }, options) => data.slice(0, 5, options),
  "dataset.value": ({ data }, options) => data.value(options),
  "dataset.points": ({ data }, options) => data.points({ ...options, from: 1 }).next(),
  "dataset.blocks": ({ data }, options) => data.blocks({ ...options, from: 1 }).next(),
};

describe("the aborted signal", () => {
  testAbortedCalls(asking, waiting, things, proxy);
});
