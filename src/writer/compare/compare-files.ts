import { isNxliveError } from "../../errors.js";
import type { DatasetDescription, Hdf5Reader, ItemDescription, RawFile } from "../../hdf5/reader-api.js";
import { compareArrays, compareDatasets, shapeText, typeText } from "./compare-values.js";
import { type CompareOptions, type Difference, VOLATILE_ATTRIBUTES } from "./differences.js";

/**
 * Compares two open HDF5 files: groups, attributes, types, shapes, values, links. Links are compared as they are stored,
 * not followed. Datasets are read in blocks, so files of any size can be compared.
 *
 * @returns the differences, in the order of file A, as they are found.
 */
export async function* compareFiles(
  a: Hdf5Reader,
  b: Hdf5Reader,
  options: CompareOptions = {},
): AsyncGenerator<Difference, void, undefined> {
  yield* compareItems({ a, b, options, compared: new Set() }, "/");
}

interface Pair {
  readonly a: Hdf5Reader;
  readonly b: Hdf5Reader;
  readonly options: CompareOptions;
  /** Groups that were compared: hard links may lead to them from many places, also from within them. */
  readonly compared: Set<string>;
}

/** What cannot be read, such as data in raw files that are gone, is told at its place: the rest is compared. */
async function* compareItems(pair: Pair, path: string): AsyncGenerator<Difference> {
  try {
    yield* compareAt(pair, path);
  } catch (error) {
    pair.options.signal?.throwIfAborted();
    if (!isNxliveError(error, "ERR_HDF5_READ")) throw error;
    yield { path, what: "unknown", message: `Cannot be compared: ${error.message}` };
  }
}

async function* compareAt(pair: Pair, path: string): AsyncGenerator<Difference> {
  pair.options.signal?.throwIfAborted();
  const [inA, inB] = await Promise.all([pair.a.describe(path), pair.b.describe(path)]);
  if (!inA || !inB) {
    if (inA) yield { path, what: "missing", message: `A has ${kindText(inA)} here, B has nothing.` };
    if (inB) yield { path, what: "extra", message: `B has ${kindText(inB)} here, A has nothing.` };
    return;
  }
  if (inA.kind !== inB.kind) {
    yield { path, what: "kind", message: `A has ${kindText(inA)}, B ${kindText(inB)}.` };
    return;
  }
  if (inA.kind === "group") {
    const groups = (await Promise.all([pair.a.identity(path), pair.b.identity(path)])).join(" ");
    if (pair.compared.has(groups)) return;
    pair.compared.add(groups);
    yield* compareAttributes(pair, path);
    yield* compareChildren(pair, path);
  } else if (inA.kind === "dataset" && inB.kind === "dataset") {
    yield* compareAttributes(pair, path);
    yield* compareDatasetItems(pair, path, inA, inB);
  } else if (inA.kind === "other") {
    yield {
      path,
      what: "unknown",
      message: `Cannot be compared: A has ${kindText(inA)}, B ${kindText(inB)}.`,
    };
  } else if (targetOf(inA) !== targetOf(inB)) {
    yield { path, what: "link", message: `A points to ${targetOf(inA)}, B to ${targetOf(inB)}.` };
  }
}

function kindText(item: ItemDescription): string {
  if (item.kind === "other") return item.what;
  return item.kind === "external_link" ? "an external link" : `a ${item.kind.replace("_", " ")}`;
}

function targetOf(item: ItemDescription): string {
  if (item.kind === "soft_link") return item.target;
  if (item.kind === "external_link") return `${item.file}::${item.path}`;
  return item.kind;
}

async function* compareChildren(pair: Pair, path: string): AsyncGenerator<Difference> {
  const [inA, inB] = await Promise.all([pair.a.list(path), pair.b.list(path)]);
  const known = new Set(inA);
  for (const name of [...inA, ...inB.filter((other) => !known.has(other))]) {
    yield* compareItems(pair, path === "/" ? `/${name}` : `${path}/${name}`);
  }
  const shared = new Set(inB);
  const orderA = inA.filter((name) => shared.has(name)).join(", ");
  const orderB = inB.filter((name) => known.has(name)).join(", ");
  if (pair.options.order && orderA !== orderB) {
    yield { path, what: "order", message: `A has the order ${orderA}, B has ${orderB}.` };
  }
}

async function* compareAttributes(pair: Pair, path: string): AsyncGenerator<Difference> {
  const [inA, inB] = await Promise.all([pair.a.attributes(path), pair.b.attributes(path)]);
  for (const name of new Set([...inA.keys(), ...inB.keys()])) {
    if (!pair.options.volatile && VOLATILE_ATTRIBUTES.has(name)) continue;
    const where = `${path}@${name}`;
    const [left, right] = [inA.get(name), inB.get(name)];
    if (!left || !right) {
      yield left
        ? { path: where, what: "missing", message: "A has this attribute, B has not." }
        : { path: where, what: "extra", message: "B has this attribute, A has not." };
      continue;
    }
    yield* compareArrays(where, left, right);
  }
}

async function* compareDatasetItems(
  pair: Pair,
  path: string,
  a: DatasetDescription,
  b: DatasetDescription,
): AsyncGenerator<Difference> {
  if (typeText(a.dtype) !== typeText(b.dtype)) {
    yield { path, what: "dtype", message: `A has ${typeText(a.dtype)}, B has ${typeText(b.dtype)}.` };
  }
  const [rawA, rawB] = await Promise.all([pair.a.rawFiles(path), pair.b.rawFiles(path)]);
  const [sourcesA, sourcesB] = [sourcesText(a, rawA), sourcesText(b, rawB)];
  if (sourcesA !== sourcesB) {
    yield { path, what: "sources", message: `A is made of ${sourcesA}, B of ${sourcesB}.` };
  }
  if (pair.options.storage && storageText(a) !== storageText(b)) {
    yield { path, what: "storage", message: `A is stored as ${storageText(a)}, B as ${storageText(b)}.` };
  }
  if (shapeText(a.shape) !== shapeText(b.shape)) {
    yield { path, what: "shape", message: `A has ${shapeText(a.shape)}, B has ${shapeText(b.shape)}.` };
  } else {
    yield* compareDatasets(pair, path, a, b); // last: data in raw files may be gone
  }
}

function sourcesText({ virtualSources }: DatasetDescription, raw: readonly RawFile[] | undefined): string {
  const sources =
    virtualSources?.map(({ file, dataset }) => `${file}::${dataset}`) ??
    raw?.map(({ name, offset, size }) => `${size ?? "all"} bytes of ${name} from ${offset} on`);
  return sources?.join(", ") ?? "its own data";
}

function storageText({ chunks, filters, maxshape }: DatasetDescription): string {
  const limits = maxshape?.map((length) => length ?? "unlimited") ?? [];
  const steps = filters.map(({ id, values }) => `filter ${id} (${values.join(", ")})`);
  return [
    chunks ? `chunks ${shapeText(chunks)}` : "one block",
    `limits (${limits.join(", ")})`,
    ...steps,
  ].join(", ");
}
