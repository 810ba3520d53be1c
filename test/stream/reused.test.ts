import { beforeAll, describe, expect, test } from "vitest";
import type { FollowableStream, StreamView } from "../../src/index.js";
import { startTestStore } from "../support/store.js";

const { store } = await startTestStore();

const POINTS = 160;
const LENGTH = 4096;
const SPECTRA = ["a", "b", "c", "d", "e", "f"];
const LONG = "x".repeat(3000);

/** 32 MB: several pages, each over several connections. */
let streams: ReadonlyMap<string, FollowableStream>;

beforeAll(async () => {
  const scan = await store.createScan({ name: "reused", number: 1, data_policy: "no_policy" });
  const spectra = SPECTRA.map((name) => scan.createStream(name, { dtype: "<f8", shape: [LENGTH] }));
  const varying = scan.createStream("varying", { dtype: "<f8", shape: [-1] });
  const texts = scan.createStream("texts", { dtype: "json" });
  await scan.prepare();
  for (let i = 0; i < POINTS; i++) {
    for (const [k, spectrum] of spectra.entries())
      await spectrum.send(new Float64Array(LENGTH).fill(i + k / 10));
    await varying.send(new Float64Array(1000 + i).fill(i));
    await texts.send({ i, LONG });
  }
  for (const stream of [...spectra, varying, texts]) await stream.seal();
  streams = (await store.loadScan(scan.key)).streams;
});

/** What is wrong with a view's points; undefined: nothing. */
async function wrongIn(stream: FollowableStream, view: StreamView): Promise<string | undefined> {
  let index = view.index;
  for (const { data, shape } of await view.raw()) {
    for (let i = 0; i < (shape?.[0] ?? 0); i++, index++) {
      const wanted = pointOf(stream.name, index);
      const found =
        data instanceof Uint8Array ? data.subarray((i * data.length) / (shape?.[0] ?? 1)) : data[i];
      const right =
        found instanceof Uint8Array && wanted instanceof Uint8Array
          ? Buffer.from(found.subarray(0, wanted.length)).equals(wanted)
          : JSON.stringify(found) === JSON.stringify(wanted);
      if (!right) return `${stream.name} ${index}`;
    }
  }
  return index === view.index + view.length ? undefined : `${stream.name}: ${index - view.index} points`;
}

function pointOf(name: string, index: number): unknown {
  if (name === "texts") return { i: index, LONG };
  const array =
    name === "varying"
      ? new Float64Array(1000 + index).fill(index)
      : new Float64Array(LENGTH).fill(index + SPECTRA.indexOf(name) / 10);
  return Buffer.from(array.buffer);
}

describe("a group that uses memory again", () => {
  test("gives every point as it was published, in memory of earlier ones", async () => {
    const group = store.cursorGroup(streams.values(), { reuse: true });
    const points = new Map<string, number>();
    const firstPages = new Map<unknown, number>();
    let [pages, again] = [0, 0];
    for await (const views of group) {
      pages++;
      for (const [stream, view] of views) {
        expect(await wrongIn(stream, view)).toBeUndefined();
        points.set(stream.name, (points.get(stream.name) ?? 0) + view.length);
        for (const { data } of await view.raw()) {
          if (!(data instanceof Uint8Array)) continue;
          if ((firstPages.get(data.buffer) ?? pages) < pages) again++;
          else firstPages.set(data.buffer, pages);
        }
      }
      group.release(views);
    }
    expect([...points.values()]).toEqual([...streams.keys()].map(() => POINTS));
    expect(again).toBeGreaterThan(0);
  });

  test("leaves views alone that are not released, while others are", async () => {
    const group = store.cursorGroup(streams.values(), { reuse: true });
    const kept: ReadonlyMap<FollowableStream, StreamView>[] = [];
    for await (const views of group) {
      if (kept.length === 0 || Math.random() < 0.5) kept.push(views);
      else group.release(views);
    }
    for (const views of kept)
      for (const [stream, view] of views) expect(await wrongIn(stream, view)).toBeUndefined();
  });
});

test("what is there already comes over several connections, from which each point is given once", async () => {
  const group = store.cursorGroup(streams.values());
  const points = new Map<string, number>();
  for await (const views of group) {
    for (const [stream, view] of views) {
      expect(view.index).toBe(points.get(stream.name) ?? 0);
      points.set(stream.name, view.index + view.length);
      expect(await wrongIn(stream, view)).toBeUndefined();
    }
  }
  expect([...points.values()]).toEqual([...streams.keys()].map(() => POINTS));
  const clients = String(await store.redis.commands.call(["CLIENT", "LIST"]));
  expect(clients.match(/name=nxlive-waiting/g)?.length).toBeGreaterThan(3);
});
