import type { DType } from "../../ndarray/dtype.js";
import { sizeOfShape } from "../../ndarray/dtype.js";
import { areKnown } from "../engine/filters.js";
import { parseDataspace } from "../format/dataspace.js";
import { parseDatatype, storedSize } from "../format/datatype.js";
import { parseLayout } from "../format/layout.js";
import { type Filter, MESSAGE, parseFill, parsePipeline } from "../format/messages.js";
import { type Message, readHeader } from "../format/object-header.js";
import { parseSuperblock, SUPERBLOCK_MAX } from "../format/superblock.js";
import { ChunkTree } from "./chunk-tree.js";
import type { PlainFile } from "./file.js";

/** A dataset of numbers whose storage is understood completely. */
export interface PlainDataset {
  readonly shape: readonly number[];
  readonly itemsize: number;
  /** One element as it stands where nothing is stored; undefined when that is not certain. */
  readonly fill: Buffer | undefined;
  readonly storage: PlainStorage;
}

export type PlainStorage =
  | { readonly kind: "block"; readonly address: number | undefined }
  | {
      readonly kind: "chunks";
      readonly chunks: readonly number[];
      readonly filters: readonly Filter[];
      readonly tree: ChunkTree;
    };

/** What the HDF5 library says of a dataset. */
export interface Expected {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly chunks: readonly number[] | null;
}

/** Messages of a dataset that say where and how its elements are stored. */
const STORAGE: ReadonlySet<number> = new Set([
  MESSAGE.dataspace,
  MESSAGE.datatype,
  MESSAGE.fillOld,
  MESSAGE.fill,
  MESSAGE.externalFiles,
  MESSAGE.layout,
  MESSAGE.pipeline,
]);
/** Message flag: the body lies elsewhere (a committed type). */
const SHARED = 2;

/**
 * The dataset whose object header lies at an address, when all of it is understood and as the library sees it; else
 * undefined, and the library has to read it. Throws a RangeError for damaged structures.
 */
export async function findPlainDataset(
  file: PlainFile,
  address: number,
  expected: Expected,
): Promise<PlainDataset | undefined> {
  const block = parseSuperblock(await file.read(0, SUPERBLOCK_MAX));
  const usual = block?.base === 0 && block.sizes.every((size) => size === 8) && block.driver === undefined;
  if (!usual) return undefined;
  const { chunks } = await readHeader(file.read, address);
  const messages = new Map<number, Message>();
  for (const message of chunks.flatMap((chunk) => chunk.messages)) {
    if (!STORAGE.has(message.type)) continue;
    if (message.flags & SHARED || messages.has(message.type)) return undefined;
    messages.set(message.type, message);
  }
  return messages.has(MESSAGE.externalFiles) ? undefined : datasetOf(file, messages, expected);
}

function datasetOf(
  file: PlainFile,
  messages: ReadonlyMap<number, Message>,
  expected: Expected,
): PlainDataset | undefined {
  const [type, space, layoutBody] = [MESSAGE.datatype, MESSAGE.dataspace, MESSAGE.layout].map(
    (key) => messages.get(key)?.body,
  );
  if (!type || !space || !layoutBody) return undefined;
  const { shape } = parseDataspace(space);
  const layout = parseLayout(layoutBody);
  if (parseDatatype(type) !== expected.dtype || !shape || !equal(shape, expected.shape)) return undefined;
  const itemsize = storedSize(expected.dtype);
  const fill = fillOf(messages, itemsize);
  const pipeline = messages.get(MESSAGE.pipeline);
  if (layout?.kind === "contiguous" && !expected.chunks) {
    const { address, size } = layout;
    if (pipeline || (address !== undefined && size < sizeOfShape(shape) * itemsize)) return undefined;
    return { shape, itemsize, fill, storage: { kind: "block", address } };
  }
  if (layout?.kind !== "chunked" || layout.itemsize !== itemsize) return undefined;
  const filters = pipeline ? parsePipeline(pipeline.body) : [];
  if (!areKnown(filters) || !expected.chunks || !equal(layout.chunks, expected.chunks)) return undefined;
  const tree = new ChunkTree(layout.index, layout.chunks.length, file.read);
  return { shape, itemsize, fill, storage: { kind: "chunks", chunks: layout.chunks, filters, tree } };
}

function fillOf(messages: ReadonlyMap<number, Message>, itemsize: number): Buffer | undefined {
  const body = messages.get(MESSAGE.fill)?.body;
  if (!body || messages.has(MESSAGE.fillOld) || !isDefined(body)) return undefined;
  const value = parseFill(body) ?? Buffer.alloc(itemsize);
  return value.length === itemsize ? value : undefined;
}

/** False when the fill value is undefined, or never written: the library then gives whatever it has. */
function isDefined(body: Buffer): boolean {
  const [version, second = 0, third = 0, fourth = 0] = body;
  if (version === 3) return (second & 0x10) === 0 && ((second >> 2) & 3) !== 1;
  return version === 2 && fourth !== 0 && third !== 1;
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}
