import fc from "fast-check";
import { expect, test } from "vitest";
import type { DataStore } from "../../src/index.js";
import { startTestStore } from "../support/store.js";
import { codeOf, type OneStream, startStream, trim } from "./support.js";

const { store } = await startTestStore();

/** What is known to be in the stream: points have their index as value. */
interface Model {
  length: number;
  sealed: boolean;
  /** Points before this one are trimmed. */
  first: number;
  /** First points of the entries. */
  readonly starts: number[];
  /** How far the cursor has come. */
  position: number;
}

interface Real extends OneStream {
  readonly group: ReturnType<DataStore["cursorGroup"]>;
}

type Step = fc.AsyncCommand<Model, Real>;

function step(
  name: string,
  check: (model: Model) => boolean,
  run: (model: Model, real: Real) => Promise<void>,
): Step {
  return { check, run, toString: () => name };
}

const send = (count: number) =>
  step(
    `send ${count}`,
    (model) => !model.sealed,
    async (model, { publisher }) => {
      model.starts.push(model.length);
      await publisher.send(Float64Array.from({ length: count }, (_, i) => model.length + i));
      await publisher.flush();
      model.length += count;
    },
  );

const seal = () =>
  step(
    "seal",
    () => true,
    async (model, { publisher }) => {
      expect(await publisher.seal()).toBe(model.length);
      model.sealed = true;
    },
  );

const trimTo = (part: number) =>
  step(
    `trim ${part}`,
    ({ starts }) => starts.length > 1,
    async (model, { publisher }) => {
      const start = model.starts[Math.floor(part * model.starts.length)] ?? 0;
      await trim(store, publisher, start);
      model.first = Math.max(model.first, start);
    },
  );

const at = (index: number) =>
  step(
    `at ${index}`,
    () => true,
    async (model, { reader }) => {
      const position = index < 0 ? index + model.length : index;
      const wanted =
        index < 0 && !model.sealed
          ? "ERR_INDEX_NOT_YET_THERE"
          : position >= model.first && position < model.length
            ? position
            : position >= 0 && position < model.first
              ? "ERR_INDEX_NO_MORE_THERE"
              : model.sealed
                ? "ERR_INDEX_WONT_BE_THERE"
                : "ERR_INDEX_NOT_YET_THERE";
      const found = await (typeof wanted === "number" ? reader.at(index) : codeOf(reader.at(index)));
      expect(found).toBe(wanted);
    },
  );

const slice = (start: number, stop: number, by: number) =>
  step(
    `slice ${start}:${stop}:${by}`,
    () => true,
    async (model, { reader }) => {
      const indices: number[] = [];
      for (let i = start; i < Math.min(stop, model.length); i += by) indices.push(i);
      const found = reader.slice(start, stop, by);
      if (indices.some((i) => i < model.first)) {
        expect(await codeOf(found)).toBe("ERR_INDEX_NO_MORE_THERE");
      } else expect((await found).toNested()).toEqual(indices);
    },
  );

const follow = () =>
  step(
    "follow",
    (model) => model.position < model.length,
    async (model, { group, reader }) => {
      const view = (await group.read())?.get(reader);
      if (!view) throw new Error("The cursor found nothing.");
      // What a cursor had read ahead is not lost by trimming.
      expect([0, Math.max(0, model.first - model.position)]).toContain(view.lost);
      expect(view.index).toBe(model.position + view.lost);
      const points = (await view.data()).toNested();
      expect(points).toEqual(Array.from({ length: view.length }, (_, i) => view.index + i));
      expect(view.length + view.lost).toBeGreaterThan(0);
      model.position = view.index + view.length;
    },
  );

test("publishing, trimming, sealing, reading and following in any order give what was published", async () => {
  const steps = fc.commands<Model, Real, false>(
    [
      fc.integer({ min: 1, max: 5 }).map(send),
      fc.integer({ min: 1, max: 5 }).map(send),
      fc.constant(null).map(seal),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }).map(trimTo),
      fc.integer({ min: -12, max: 12 }).map(at),
      fc.tuple(fc.nat(12), fc.nat(14), fc.integer({ min: 1, max: 4 })).map((bounds) => slice(...bounds)),
      fc.constant(null).map(follow),
    ],
    { maxCommands: 30 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (commands) => {
      const started = await startStream(store);
      const group = store.cursorGroup([started.reader]);
      const model: Model = { length: 0, sealed: false, first: 0, starts: [], position: 0 };
      await fc.asyncModelRun(() => ({ model, real: { ...started, group } }), commands);
      // To the end: everything that was not trimmed has been handed out.
      await started.publisher.seal();
      for (let views = await group.read(); views; views = await group.read()) {
        const view = views.get(started.reader);
        if (view) model.position = view.index + view.length;
      }
      expect(model.position).toBe(model.length);
      group.close();
    }),
    { numRuns: 60 },
  );
});
