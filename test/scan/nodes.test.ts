import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { NdArray } from "../../src/ndarray/ndarray.js";
import { type DataNode, type NodeEvent, type NodeType, walk, walkEvents } from "../../src/scan/nodes.js";
import { ImageView } from "../../src/scan/nodes-data.js";
import { limaDefinition } from "../../src/stream/plugins/definitions.js";
import { replayFixture } from "../support/fixtures.js";
import { fixtureCamera } from "../support/lima.js";
import { makeTestFolder, startTestStore } from "../support/store.js";

const { redis, store } = await startTestStore({ fresh: true });
const folder = await makeTestFolder("nodes");

let number: number;

beforeEach(async () => {
  number = 0;
});

/** A scan with the channels of the BLISS page: roby, diode, and a camera. */
async function ascan(path: string | null, options: { session?: string; prepared?: boolean } = {}) {
  const { session = "test_session", prepared = true } = options;
  const scan = await store.createScan({
    name: "ascan",
    number: ++number,
    data_policy: "no_policy",
    session,
    path,
  });
  const roby = scan.createStream("axis:roby", { dtype: "<f8" });
  const diode = scan.createStream("timer:diode:diode", { dtype: "<f8" });
  const camera = scan.createStream("lima_simulator:image", limaDefinition(fixtureCamera()));
  if (prepared) await scan.prepare();
  return { scan, roby, diode, camera };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Takes items until one fulfils a condition. */
async function until<T>(items: AsyncIterable<T>, last: (item: T) => boolean): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) {
    found.push(item);
    if (last(item)) break;
  }
  return found;
}

const describeNode = ({ type, dbName }: DataNode) => `${type} ${dbName}`;

describe("walk", () => {
  test("gives the session, its files, their scans and their channels", async () => {
    await ascan("/mnt/sample1/data.h5");
    await ascan("/mnt/sample1/data.h5");
    await ascan(null);
    await ascan("/mnt/other.h5", { session: "another" });
    const nodes = await all(walk(store, "test_session", { wait: false }));
    expect(nodes.map(describeNode)).toEqual(
      expect.arrayContaining([
        "session test_session",
        "file test_session:mnt:sample1:data.h5",
        "scan test_session:mnt:sample1:data.h5:1_ascan",
        "channel test_session:mnt:sample1:data.h5:1_ascan:axis:roby",
        "channel test_session:mnt:sample1:data.h5:1_ascan:timer:diode:diode",
        "lima test_session:mnt:sample1:data.h5:1_ascan:lima_simulator:image",
        "scan test_session:mnt:sample1:data.h5:2_ascan",
        "scan test_session:3_ascan",
        "channel test_session:3_ascan:axis:roby",
      ]),
    );
    expect(nodes).toHaveLength(1 + 1 + 3 * (1 + 3));
  });

  test.each<[NodeType | NodeType[], string[]]>([
    ["scan", ["1_ascan"]],
    ["lima", ["lima_simulator:image"]],
    [
      ["session", "file"],
      ["test_session", "/data.h5"],
    ],
  ])("with include %j gives only these", async (include, names) => {
    await ascan("/data.h5");
    const nodes = await all(walk(store, "test_session", { wait: false, include }));
    expect(nodes.map(({ name }) => name)).toEqual(names);
  });

  test("goes on with scans that begin later, and their channels once they are prepared", async () => {
    await ascan("/data.h5");
    const nodes = until(walk(store, "test_session", { include: ["scan", "lima"] }), ({ dbName }) =>
      dbName.endsWith("2_ascan:lima_simulator:image"),
    );
    const { scan } = await ascan("/data.h5", { prepared: false });
    await scan.prepare();
    expect((await nodes).map(({ name }) => name)).toEqual([
      "1_ascan",
      "lima_simulator:image",
      "2_ascan",
      "lima_simulator:image",
    ]);
  });

  test("of a session without scans gives the session", async () => {
    expect((await all(walk(store, "nobody", { wait: false }))).map(describeNode)).toEqual(["session nobody"]);
  });

  test("leaves out scans that cannot be read, and tells of them", async () => {
    await ascan("/data.h5");
    await store.redis.commands.call([
      "JSON.SET",
      "esrf:scan:01BAD",
      ".",
      '{"pk":"01BAD","id":{"session":"test_session","name":"x","number":1}}',
    ]);
    const errors: unknown[] = [];
    const nodes = await all(
      walk(store, "test_session", { wait: false, include: "scan", onError: (error) => errors.push(error) }),
    );
    expect(nodes).toHaveLength(1);
    expect(errors).toEqual([expect.objectContaining({ code: "ERR_SCAN_FORMAT" })]);
  });

  test("is not held up by a scan that is deleted before it is prepared", async () => {
    const { scan } = await ascan("/data.h5", { prepared: false });
    const nodes = until(walk(store, "test_session", { include: "channel" }), () => true);
    await store.deleteScan(scan.key, { force: true });
    await ascan("/data.h5");
    expect((await nodes)[0]?.scan?.id.number).toBe(2);
  });
});

describe("walkEvents", () => {
  test("tells of new nodes, of children, and of new points as they come", async () => {
    const described: string[] = [];
    const watching = (async () => {
      for await (const event of walkEvents(store, "test_session")) {
        described.push(await describeEvent(event));
        if (described.at(-1) === "new-data axis:roby 2 [2]") break;
      }
    })();
    const { scan, roby } = await ascan("/data.h5");
    await scan.start();
    for (const value of [0, 1, 2]) {
      await roby.send(value);
      await roby.flush();
    }
    await watching;
    expect(described.slice(0, 7)).toEqual([
      "new-node test_session",
      "new-child test_session /data.h5",
      "new-node /data.h5",
      "new-child /data.h5 1_ascan",
      "new-node 1_ascan",
      "new-child 1_ascan axis:roby",
      "new-node axis:roby",
    ]);
    expect(described).toContain("new-node axis:roby");
  });

  test("with include tells only of these nodes", async () => {
    const { scan, roby, diode } = await ascan("/data.h5");
    await roby.send([0, 1]);
    await diode.send([70, -57]);
    await scan.close();
    const events = await until(
      walkEvents(store, "test_session", { include: "channel" }),
      (event) => event.type === "new-data" && event.node.name === "timer:diode:diode",
    );
    const types = new Set(events.map(({ node }) => node.type));
    expect([...types]).toEqual(["channel"]);
    const last = events.at(-1);
    const data =
      last?.type === "new-data" && !(last.data instanceof ImageView) ? await last.data.data() : undefined;
    expect(data?.toNested()).toEqual([70, -57]);
  });

  test("gives views of images, which are read when asked for", async () => {
    const { camera } = await ascan("/data.h5");
    await camera.send({ last_index: 12, last_index_saved: 11 });
    const [event] = await until(
      filtered(walkEvents(store, "test_session", { include: "lima" }), ({ type }) => type === "new-data"),
      () => true,
    );
    const view = event?.type === "new-data" ? event.data : undefined;
    expect(view).toBeInstanceOf(ImageView);
    expect(view).toMatchObject({ index: 0, length: 10 });
    expect(await (view as ImageView).getImage(-1)).toBeInstanceOf(NdArray);
  });

  test("goes on with the next scan when all channels have ended", async () => {
    const first = await ascan(null);
    await first.roby.send(1);
    await first.scan.close();
    const seen: string[] = [];
    for await (const event of walkEvents(store, "test_session", { include: "channel" })) {
      if (event.type !== "new-data") continue;
      seen.push(event.node.dbName);
      if (seen.length === 2) break;
      const second = await ascan(null);
      await second.roby.send(2);
      await second.scan.close();
    }
    expect(seen).toEqual(["test_session:1_ascan:axis:roby", "test_session:2_ascan:axis:roby"]);
  });

  test("without existing ones tells only of scans that begin from now on", async () => {
    const old = await ascan(null);
    await old.roby.send(1);
    await old.scan.close();
    const events = walkEvents(store, "test_session", { existing: false });
    expect((await events.next()).value?.node.type).toBe("session");
    const next = ascan(null);
    const seen = await until(events, ({ node }) => node.type === "channel");
    await next;
    expect(new Set(seen.map(({ node }) => node.scan?.id.number))).toEqual(new Set([undefined, 2]));
  });

  test.each([
    ["walk", (signal: AbortSignal) => walk(store, "test_session", { signal })],
    ["walkEvents", (signal: AbortSignal) => walkEvents(store, "test_session", { signal })],
  ])("%s rejects at once when the signal aborts, with its reason", async (_, start) => {
    await ascan("/data.h5");
    const controller = new AbortController();
    const reason = new Error("enough");
    const walking = (async () => {
      for await (const item of start(controller.signal)) {
        const node = "node" in item ? item.node : item;
        if (node.type === "lima") setImmediate(() => controller.abort(reason));
      }
    })();
    await expect(walking).rejects.toBe(reason);
    await expect(start(controller.signal).next()).rejects.toBe(reason);
  });
});

describe("getData", () => {
  test("gives the points of all channels, and views of images", async () => {
    const { scan, roby, diode, camera } = await ascan("/data.h5");
    await roby.send([0, 1, 2]);
    await diode.send([70, -57, -61]);
    await camera.send({ last_index: 34, last_index_saved: 34 });
    await scan.close();
    const data = await (await store.loadScan(scan.key)).getData();
    expect(Object.keys(data)).toEqual(["axis:roby", "timer:diode:diode", "lima_simulator:image"]);
    expect((data["axis:roby"] as NdArray).toNested()).toEqual([0, 1, 2]);
    const view = data["lima_simulator:image"] as ImageView;
    expect(view).toMatchObject({ index: 0, length: 35 });
    const last = await view.getImage(-1);
    expect(last).toBeInstanceOf(NdArray);
    expect(await view.getImage(34)).toEqual(last);
    await expect(view.getImage(35)).rejects.toMatchObject({ code: "ERR_INVALID_ARGUMENT", index: 35 });
    expect(await all(new ImageView(view.stream, 30, 3).images())).toHaveLength(3);
  });

  test("leaves out channels that cannot be read, and tells of them", async () => {
    const { scans } = await replayFixture(redis.url, "h5maps/unknown_plugin_mapped", join(folder, "unknown"));
    const errors: [string, unknown][] = [];
    const scan = await store.loadScan(scans[0] ?? "");
    const data = await scan.getData({ onError: (channel, error) => errors.push([channel, error]) });
    expect(Object.keys(data).length).toBeGreaterThan(0);
    expect(errors).toEqual([[expect.any(String), expect.objectContaining({ code: "ERR_PLUGIN_MISSING" })]]);
    expect(data).not.toHaveProperty(errors[0]?.[0] ?? "");
  });

  test("rejects when the signal has aborted", async () => {
    const { scan } = await ascan("/data.h5");
    const reason = new Error("enough");
    await expect(scan.getData({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe("a channel node's get", () => {
  async function channel(name: string, publish: (of: Awaited<ReturnType<typeof ascan>>) => Promise<unknown>) {
    const published = await ascan("/data.h5");
    await publish(published);
    const nodes = await all(walk(store, "test_session", { wait: false, include: ["channel", "lima"] }));
    const get = nodes.find((node) => node.name === name)?.get;
    if (!get) throw new Error(`${name} has no get.`);
    return get;
  }
  const sendPoints = async ({
    roby,
  }: {
    roby: { send(points: unknown): Promise<void>; flush(): Promise<void> };
  }) => {
    await roby.send([0, 10, 20, 30]);
    await roby.flush();
  };

  test("gives one point, counted from either end of what is there", async () => {
    const get = await channel("axis:roby", sendPoints);
    expect(await get(1)).toBe(10);
    expect(await get(-1)).toBe(30);
    await expect(get(-5)).rejects.toMatchObject({ code: "ERR_INDEX_NOT_YET_THERE" });
  });

  test("says when there will be no point", async () => {
    const get = await channel("axis:roby", ({ roby }) => roby.seal());
    await expect(get(-1)).rejects.toMatchObject({ code: "ERR_INDEX_WONT_BE_THERE" });
  });

  test("gives points from one index to another, both included", async () => {
    const get = await channel("axis:roby", sendPoints);
    expect(((await get(1, 2)) as NdArray).toNested()).toEqual([10, 20]);
    expect(((await get(2, -1)) as NdArray).toNested()).toEqual([20, 30]);
    expect(((await get(0, 100)) as NdArray).toNested()).toEqual([0, 10, 20, 30]);
    expect(((await get(0, -9)) as NdArray).toNested()).toEqual([]);
  });

  test("gives a view of images", async () => {
    const get = await channel("lima_simulator:image", async ({ camera }) => {
      await camera.send({ last_index: 20, last_index_saved: 20 });
      await camera.flush();
    });
    expect(await get(-1)).toMatchObject({ index: 20, length: 1 });
    const view = (await get(0, 10)) as ImageView;
    expect(view).toMatchObject({ index: 0, length: 11 });
    expect(await view.getImage(-1)).toBeInstanceOf(NdArray);
  });
});

async function* filtered<T>(items: AsyncIterable<T>, wanted: (item: T) => boolean): AsyncGenerator<T> {
  for await (const item of items) if (wanted(item)) yield item;
}

async function describeEvent(event: NodeEvent): Promise<string> {
  if (event.type === "new-node") return `new-node ${event.node.name}`;
  if (event.type === "new-child") return `new-child ${event.node.name} ${event.child.name}`;
  if (event.data instanceof ImageView) return `new-data ${event.node.name}`;
  const values = (await event.data.data()).toNested() as number[];
  return `new-data ${event.node.name} ${event.data.index + event.data.length - 1} [${values.slice(-1)}]`;
}
