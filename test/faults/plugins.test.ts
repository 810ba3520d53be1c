import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DataStore, limaDefinition, shareStream, walkEvents } from "../../src/index.js";
import { startPrivateRedis } from "../../src/redis/server.js";
import { MemoryTracker } from "../../src/tracker/index.js";
import { fixtureCamera } from "../support/lima.js";
import { startProxiedRedis } from "../support/store.js";

const { redis, proxy } = await startProxiedRedis();
let number = 0;

const camera = limaDefinition(fixtureCamera());

const identity = () => ({ name: "faults", number: ++number, data_policy: "no_policy", session: "s" });

test("images are followed over broken connections, each once", async () => {
  await using publishing = await DataStore.connect(redis.url);
  await using reading = await DataStore.connect(proxy.url);
  const scan = await publishing.createScan(identity());
  const publisher = scan.createStream("camera", camera);
  await scan.prepare();
  const stream = (await reading.loadScan(scan.key)).streams.get("camera");
  const images: number[] = [];
  const following = (async () => {
    for await (const view of stream?.cursor() ?? []) {
      for (let i = 0; i < view.length; i++) images.push(view.index + i);
    }
  })();
  for (let last = 0; last < 35; last++) {
    if (last % 5 === 0) proxy.cut();
    await publisher.send({ last_index: last, last_index_saved: last });
    await publisher.flush();
  }
  await scan.close();
  await following;
  expect(images).toEqual(Array.from({ length: 35 }, (_, i) => i));
});

test("workers share a stream over broken connections: each entry is given, and none is told as lost", async () => {
  await using publishing = await DataStore.connect(redis.url);
  await using reading = await DataStore.connect(proxy.url);
  const scan = await publishing.createScan(identity());
  const publisher = scan.createStream("x", { dtype: "<f8" });
  await scan.prepare();
  const stream = (await reading.loadScan(scan.key)).streams.get("x");
  if (!stream) throw new Error("The scan has the stream.");
  const points = new Set<number>();
  let lost = 0;
  const work = async (worker: string) => {
    for await (const view of shareStream(stream, { group: "g", worker })) {
      for (let i = 0; i < view.length; i++) points.add(view.index + i);
      lost += view.lost;
      await view.acknowledge();
      if (view.index % 40 === 0) proxy.cut();
    }
  };
  const working = [work("a"), work("b")];
  for (let i = 0; i < 300; i += 2) await publisher.send([i, i + 1]);
  await scan.close();
  await Promise.all(working);
  expect([...points].sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, i) => i));
  expect(lost).toBe(0);
});

test("a walk goes on over broken connections, and tells every node and point once", async () => {
  await using publishing = await DataStore.connect(redis.url);
  await using reading = await DataStore.connect(proxy.url);
  const told: string[] = [];
  const points: number[] = [];
  const walking = (async () => {
    for await (const event of walkEvents(reading, "s", { existing: false, include: ["scan", "channel"] })) {
      if (event.type === "new-node") told.push(`${event.node.scan?.id.number} ${event.node.name}`);
      if (event.type !== "new-data" || !("data" in event.data)) continue;
      points.push(...((await event.data.data()).toNested() as number[]));
      if (points.at(-1) === 29) return;
    }
  })();
  // The walk is under way when it waits for scans: a connection of its own.
  while (proxy.connections < 2) await publishing.timetag();
  const first = number + 1;
  for (let k = 0; k < 3; k++) {
    proxy.cut();
    const scan = await publishing.createScan(identity());
    const diode = scan.createStream("diode", { dtype: "<f8" });
    await scan.prepare();
    for (let i = 0; i < 10; i++) {
      if (i === 5) proxy.cut();
      await diode.send(10 * k + i);
      await diode.flush();
    }
    await scan.close();
  }
  await walking;
  const numbers = [first, first + 1, first + 2];
  expect(told).toHaveLength(6);
  expect(new Set(told)).toEqual(new Set(numbers.flatMap((n) => [`${n} ${n}_faults`, `${n} diode`])));
  expect(points.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i));
});

test("the memory tracker goes on when Redis restarts with its data, and when it restarts without", async () => {
  const dir = await mkdtemp(join(tmpdir(), "nxlive-tracker-redis-"));
  const options = { maxmemory: "100mb", dir };
  let server = await startPrivateRedis(options);
  const { port } = server;
  const store = await DataStore.connect(server.url);
  await store.initialise();
  const scan = await store.createScan(identity());
  await scan.createStream("diode", { dtype: "<f8" }).send([1, 2, 3]);
  await scan.prepare();
  const reports = new MemoryTracker(store, { period: 0.01 }).reports();
  expect((await reports.next()).value?.scans).toBe(1);
  await server.stop();
  server = await startPrivateRedis({ ...options, port });
  expect((await reports.next()).value?.scans).toBe(1);
  await server.stop();
  await rm(dir, { recursive: true });
  server = await startPrivateRedis({ maxmemory: "100mb", port });
  expect((await reports.next()).value?.scans).toBe(0);
  await store.initialise();
  await store.createScan(identity());
  expect((await reports.next()).value?.scans).toBe(1);
  await reports.return(undefined);
  await store.close();
  await server.stop();
});
