import { numericType, sizeOfShape } from "../../ndarray/dtype.js";
import { areKnown } from "../engine/filters.js";
import { parseDataspace } from "../format/dataspace.js";
import { parseDatatype, storedSize } from "../format/datatype.js";
import { type Layout, parseLayout } from "../format/layout.js";
import { type Filter, MESSAGE, parseFill, parsePipeline } from "../format/messages.js";
import type { Message } from "../format/object-header.js";
import { ChunkTree } from "./chunk-tree.js";
import type { PlainFile } from "./file.js";

/** A dataset of numbers whose storage is understood completely. */
export interface PlainDataset {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** `null` entries are unlimited. */
  readonly maxshape: readonly (number | null)[];
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
export const SHARED = 2;

/**
 * The dataset that the messages of an object header describe, when all of it is understood; else undefined, and the library
 * has to read it. Throws a RangeError for damaged structures.
 */
export function plainDataset(file: PlainFile, all: readonly Message[]): PlainDataset | undefined {
  const messages = new Map<number, Message>();
  for (const message of all) {
    if (!STORAGE.has(message.type)) continue;
    if (message.flags & SHARED || messages.has(message.type)) return undefined;
    messages.set(message.type, message);
  }
  const [type, space, layoutBody] = [MESSAGE.datatype, MESSAGE.dataspace, MESSAGE.layout].map(
    (key) => messages.get(key)?.body,
  );
  if (!type || !space || !layoutBody || messages.has(MESSAGE.externalFiles)) return undefined;
  const dtype = parseDatatype(type);
  const { shape, maxshape } = parseDataspace(space);
  if (typeof dtype !== "string" || !numericType(dtype) || !shape) return undefined;
  const itemsize = storedSize(dtype);
  const storage = storageOf(file, messages, parseLayout(layoutBody), shape, itemsize);
  const fill = fillOf(messages, itemsize);
  return storage && { dtype, shape, maxshape: maxshape ?? shape, itemsize, fill, storage };
}

function storageOf(
  file: PlainFile,
  messages: ReadonlyMap<number, Message>,
  layout: Layout | undefined,
  shape: readonly number[],
  itemsize: number,
): PlainStorage | undefined {
  const pipeline = messages.get(MESSAGE.pipeline);
  if (layout?.kind === "contiguous") {
    const { address, size } = layout;
    if (pipeline || (address !== undefined && size < sizeOfShape(shape) * itemsize)) return undefined;
    return { kind: "block", address };
  }
  if (layout?.kind !== "chunked" || layout.itemsize !== itemsize) return undefined;
  const { chunks } = layout;
  const filters = pipeline ? parsePipeline(pipeline.body) : [];
  if (!areKnown(filters) || chunks.length !== shape.length || chunks.includes(0)) return undefined;
  return { kind: "chunks", chunks, filters, tree: new ChunkTree(layout.index, chunks.length, file.read) };
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
