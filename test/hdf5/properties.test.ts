import fc from "fast-check";
import { expect, test } from "vitest";
import { openHdf5 } from "../../src/hdf5/open.js";
import type { DatasetOptions, GrowingDataset, Hdf5Writer } from "../../src/hdf5/writer-api.js";
import type { RawArray } from "../../src/ndarray/raw.js";
import { dump, shown, temporaryFolder } from "./support/files.js";

const folder = temporaryFolder();

/** What a file should hold: items by path. Growing datasets have the bytes of all their rows. */
interface Model {
  readonly items: Map<
    string,
    { kind: "group" | "dataset"; value?: RawArray; attributes: Map<string, RawArray> }
  >;
  readonly growing: Map<string, { dataset: GrowingDataset; options: DatasetOptions; rows: Buffer }>;
}

const NAMES = ["a", "b", "c d", "é", "x".repeat(80)];
const name = fc.constantFrom(...NAMES);
const dtype = fc.constantFrom("<i4", ">i2", "<f8", "|b1", "<u8", "<c8", "<f2", "str", "|S4");

const array: fc.Arbitrary<RawArray> = fc
  .tuple(dtype, fc.array(fc.nat(5), { maxLength: 3 }), fc.nat())
  .map(([type, shape, seed]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    if (type === "str" || type === "|S4") {
      return {
        dtype: type,
        shape,
        data: Array.from({ length: size }, (_, i) => "éab".slice(0, (seed + i) % 4)),
      };
    }
    const bytes = size * (type === "|b1" ? 1 : Number(type.slice(2)));
    return {
      dtype: type,
      shape,
      data: Uint8Array.from({ length: bytes }, (_, i) =>
        type === "|b1" ? (seed + i) % 2 : (seed + 13 * i) % 120,
      ),
    };
  });

const options = fc.constantFrom<DatasetOptions>(
  {},
  { contiguousBelow: 300 },
  { contiguousBelow: 0, chunks: [7] },
  { contiguousBelow: 0, chunks: [16], gzip: 1, shuffle: true },
);

type Step = (file: Hdf5Writer, model: Model) => Promise<void>;

const createGroup = fc.tuple(fc.nat(), name).map(
  ([where, child]): Step =>
    async (file, model) => {
      const path = place(model, where, child);
      if (path === undefined) return;
      await file.createGroup(path);
      model.items.set(path, { kind: "group", attributes: new Map() });
    },
);
const createDataset = fc.tuple(fc.nat(), name, array, fc.boolean()).map(
  ([where, child, value, gzip]): Step =>
    async (file, model) => {
      const path = place(model, where, child);
      if (path === undefined) return;
      await file.createDataset(path, value, gzip ? { gzip: 1, shuffle: true } : {});
      model.items.set(path, { kind: "dataset", value, attributes: new Map() });
    },
);
const createGrowing = fc.tuple(fc.nat(), name, options).map(
  ([where, child, chosen]): Step =>
    async (file, model) => {
      const path = place(model, where, child);
      if (path === undefined) return;
      const dataset = await file.createGrowing(path, { dtype: "<u2", rowShape: [] }, chosen);
      model.growing.set(path, { dataset, options: chosen, rows: Buffer.alloc(0) });
      model.items.set(path, { kind: "dataset", attributes: new Map() });
    },
);
const append = fc.tuple(fc.nat(), fc.nat(60)).map(
  ([which, count]): Step =>
    async (_, model) => {
      const entry = pick([...model.growing.values()], which);
      if (!entry) return;
      const start = entry.rows.length / 2;
      const rows = Uint16Array.from({ length: count }, (_, i) => start + i);
      await entry.dataset.append(new Uint8Array(rows.buffer));
      entry.rows = Buffer.concat([entry.rows, new Uint8Array(rows.buffer)]);
    },
);
const setAttribute = fc.tuple(fc.nat(), name, array).map(
  ([which, key, value]): Step =>
    async (file, model) => {
      const [path, item] = pick([...model.items], which) ?? [];
      if (path === undefined || !item) return;
      await file.setAttributes(path, new Map([[key, value]]));
      item.attributes.set(key, value);
    },
);
const deleteAttribute = fc.nat().map(
  (which): Step =>
    async (file, model) => {
      const [path, item] =
        pick(
          [...model.items].filter(([, { attributes }]) => attributes.size > 0),
          which,
        ) ?? [];
      const [key] = item?.attributes.keys() ?? [];
      if (path === undefined || key === undefined) return;
      await file.deleteAttribute(path, key);
      item?.attributes.delete(key);
    },
);
const remove = fc.nat().map(
  (which): Step =>
    async (file, model) => {
      const path = pick(
        [...model.items.keys()].filter((item) => item !== "/"),
        which,
      );
      if (path === undefined) return;
      await file.remove(path);
      for (const map of [model.items, model.growing]) {
        for (const key of [...map.keys()]) if (key === path || key.startsWith(`${path}/`)) map.delete(key);
      }
    },
);
const commit = fc.constant<Step>(async (file) => await file.commit());

function pick<T>(items: readonly T[], which: number): T | undefined {
  return items[which % Math.max(1, items.length)];
}

/** A path for a new child of some group; undefined when it is taken. */
function place(model: Model, where: number, child: string): string | undefined {
  const group =
    pick(
      [...model.items].filter(([, { kind }]) => kind === "group"),
      where,
    )?.[0] ?? "/";
  const path = `${group === "/" ? "" : group}/${child}`;
  return model.items.has(path) ? undefined : path;
}

async function reopen(file: Hdf5Writer, model: Model): Promise<Hdf5Writer> {
  await file.close();
  const again = await openHdf5(file.path, { quarantineMinutes: 0 });
  for (const [path, entry] of model.growing) entry.dataset = await again.openGrowing(path, entry.options);
  return again;
}

async function compare(path: string, model: Model): Promise<void> {
  const seen = await dump(path);
  expect(new Set(seen.paths)).toEqual(new Set(model.items.keys()));
  for (const [at, item] of model.items) {
    const rows = model.growing.get(at)?.rows;
    const value = rows ? rows.toString("hex") : item.value && shown(item.value);
    expect(seen.at(at).kind, at).toBe(item.kind);
    if (item.kind === "dataset") expect(seen.at(at).value, at).toEqual(value);
    const attributes = Object.entries(seen.at(at).attributes).map(([key, attribute]) => [
      key,
      attribute.value,
    ]);
    expect(new Map(attributes as [string, unknown][]), at).toEqual(
      new Map([...item.attributes].map(([key, attribute]) => [key, shown(attribute)])),
    );
  }
}

test("whatever is done in whatever order, h5py sees the same tree", async () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: createGroup },
    { weight: 3, arbitrary: createDataset },
    { weight: 3, arbitrary: createGrowing },
    { weight: 8, arbitrary: append },
    { weight: 5, arbitrary: setAttribute },
    { weight: 1, arbitrary: deleteAttribute },
    { weight: 1, arbitrary: remove },
    { weight: 4, arbitrary: commit },
  );
  let files = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 80 }),
      fc.nat(80),
      async (steps, reopening) => {
        const model: Model = {
          items: new Map([["/", { kind: "group", attributes: new Map() }]]),
          growing: new Map(),
        };
        let file = await openHdf5(folder(`random-${files++}.h5`), { quarantineMinutes: 0 });
        for (const [i, run] of steps.entries()) {
          await run(file, model);
          if (i === reopening) file = await reopen(file, model);
        }
        await file.commit();
        await compare(file.path, model);
        await file.close();
        await compare(file.path, model);
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);
