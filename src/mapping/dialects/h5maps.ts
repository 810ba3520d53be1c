import { isJsonObject } from "../../json.js";
import { requireNumeric } from "../../ndarray/dtype.js";
import { MappingError } from "../errors.js";
import { canonicalDtype } from "../items/base64.js";
import { joinPath, splitPath } from "../paths.js";
import { Reading, readRoot } from "../reading.js";
import { describe } from "../schema/explain.js";
import { H5MAPS_NODES } from "../schema/node-schemas.js";
import type {
  DatasetNode,
  DatasetValue,
  ExternalBinaryNode,
  GroupNode,
  Hyperslab,
  MappingWarning,
  StreamFacts,
  TreeNode,
  VirtualNode,
  VirtualSource,
} from "../tree.js";
import { circularVirtuals } from "../virtual-cycles.js";

type JsonObject = Readonly<Record<string, unknown>>;

/** One file of `info.h5maps`: its root group (undefined when it is none), and what could not be read. */
export function readH5Map(
  file: string,
  root: unknown,
  streams: ReadonlyMap<string, StreamFacts>,
): { root: GroupNode | undefined; warnings: readonly MappingWarning[] } {
  const reading = new Reading(file, streams);
  return readRoot(reading, root, "file", (group) => {
    const tree = readGroup(reading, group, "/", 0);
    for (const { path, node, way } of circularVirtuals(tree, file, reading.virtuals)) {
      reading.drop(tree, path, node, `a virtual dataset made of itself cannot be read: ${way.join(" → ")}`);
    }
    return tree;
  });
}

function readItem(reading: Reading, item: unknown, path: string, depth: number): TreeNode {
  if (!isJsonObject(item)) return plainDataset(reading, item, path);
  switch (item.type) {
    case "group":
      return readGroup(reading, item, path, depth);
    case "soft_link":
      return { kind: "soft_link", target: requireTarget(H5MAPS_NODES.fields("softLink", item).target_path) };
    case "external_link": {
      const fields = H5MAPS_NODES.fields("externalLink", item);
      return {
        kind: "external_link",
        file: requireTarget(fields.target_file),
        path: requireTarget(fields.target_path),
      };
    }
    case "external_binary_dataset":
      return readExternalBinary(reading, item, path);
    case "virtual_dataset":
      return readVirtual(reading, item, path);
    case "dataset":
      return readDataset(reading, item, path);
    default:
      // blissdata takes an object without a type for a dataset, when it has a value.
      return item.type === undefined && Object.hasOwn(item, "value")
        ? readDataset(reading, item, path)
        : plainDataset(reading, item, path);
  }
}

function readGroup(reading: Reading, item: JsonObject, path: string, depth: number): GroupNode {
  return {
    kind: "group",
    attributes: reading.attributes(item.attributes, path),
    children: reading.children(item.children, path, depth, (child, at, level) =>
      readItem(reading, child, at, level),
    ),
  };
}

function readDataset(reading: Reading, item: JsonObject, path: string): DatasetNode {
  const { value } = H5MAPS_NODES.fields("dataset", item);
  const read = datasetValue(reading, value, path);
  return { kind: "dataset", attributes: reading.attributes(item.attributes, path), value: read };
}

function plainDataset(reading: Reading, item: unknown, path: string): DatasetNode {
  return { kind: "dataset", attributes: new Map(), value: datasetValue(reading, item, path) };
}

function datasetValue(reading: Reading, item: unknown, path: string): DatasetValue {
  if (isJsonObject(item) && item.type === "stream") {
    return { kind: "stream", stream: reading.stream(H5MAPS_NODES.fields("stream", item).stream) };
  }
  return { kind: "static", array: reading.data(item, path) };
}

function readExternalBinary(reading: Reading, item: JsonObject, path: string): ExternalBinaryNode {
  const fields = H5MAPS_NODES.fields("externalBinary", item);
  const dtype = canonicalDtype(fields.dtype as string);
  const shape = fields.shape as readonly number[];
  const files = (fields.files as readonly RawFileFields[]).map(({ name, offset, size }) => ({
    name: requireTarget(name),
    offset,
    size: size ?? null,
  }));
  requireBytes(files, requireSize(dtype, shape));
  return {
    kind: "external_binary",
    attributes: reading.attributes(item.attributes, path),
    dtype,
    shape,
    files,
  };
}

interface RawFileFields {
  readonly name: string;
  readonly offset: number;
  readonly size?: number | null;
}

/** HDF5 wants enough bytes for all elements, and a file of unlimited size at the end only. */
function requireBytes(files: readonly { size: number | null }[], needed: bigint): void {
  const open = files.findIndex(({ size }) => size === null);
  if (open >= 0 && open < files.length - 1) {
    throw new MappingError(`files[${open}] has no size, but is not the last`);
  }
  const given = files.reduce((sum, { size }) => sum + BigInt(size ?? 0), 0n);
  if (open < 0 && given < needed)
    throw new MappingError(`the files hold ${given} bytes of the ${needed} that the shape needs`);
}

/** The bytes of an array; more than HDF5 can count are an error. */
function requireSize(dtype: string, shape: readonly number[]): bigint {
  const size = shape.reduce(
    (product, length) => product * BigInt(length),
    BigInt(requireNumeric(dtype).itemsize),
  );
  if (size >= 2n ** 63n) throw new MappingError(`the shape [${shape}] is larger than HDF5 can store`);
  return size;
}

function readVirtual(reading: Reading, item: JsonObject, path: string): VirtualNode {
  const fields = H5MAPS_NODES.fields("virtual", item);
  const shape = fields.shape as readonly number[];
  const dtype = canonicalDtype(fields.dtype as string);
  requireSize(dtype, shape);
  const node: VirtualNode = {
    kind: "virtual",
    attributes: reading.attributes(item.attributes, path),
    dtype,
    shape,
    sources: (fields.virtual_sources as readonly SourceFields[]).map((source, i) =>
      readSource(source, i, shape),
    ),
  };
  reading.virtuals.set(joinPath(splitPath(path)), node);
  return node;
}

interface SpaceFields {
  readonly start: readonly number[];
  readonly count: readonly number[];
  readonly stride?: readonly number[] | null;
  readonly block?: readonly number[] | null;
}

interface SourceFields {
  readonly vspace: SpaceFields;
  readonly src_file: string;
  readonly src_dataset: string;
  readonly src_space: SpaceFields;
}

function readSource(fields: SourceFields, index: number, shape: readonly number[]): VirtualSource {
  const at = `virtual_sources[${index}]`;
  const target = readSpace(fields.vspace, `${at}.vspace`);
  const source = readSpace(fields.src_space, `${at}.src_space`);
  if (target.start.length !== shape.length) {
    throw new MappingError(
      `${at}.vspace has ${target.start.length} dimensions, the dataset has ${shape.length}`,
    );
  }
  shape.forEach((length, axis) => {
    if (endOf(target, axis) > length) {
      throw new MappingError(
        `${at}.vspace reaches ${endOf(target, axis)} on axis ${axis}, which has ${length} points`,
      );
    }
  });
  const [to, from] = [points(target), points(source)];
  if (to !== from) throw new MappingError(`${at} puts ${from} points of its source where ${to} are expected`);
  return { target, file: requireTarget(fields.src_file), dataset: requireTarget(fields.src_dataset), source };
}

function readSpace(fields: SpaceFields, at: string): Hyperslab {
  const { start, count } = fields;
  const ones = start.map(() => 1);
  const space = { start, count, stride: fields.stride ?? ones, block: fields.block ?? ones };
  for (const [name, list] of Object.entries(space)) {
    if (list.length !== start.length) {
      throw new MappingError(`${at}: start has ${start.length} dimensions, ${name} has ${list.length}`);
    }
  }
  space.stride.forEach((stride, axis) => {
    if (stride < (space.block[axis] ?? 1) && (count[axis] ?? 0) > 1) {
      throw new MappingError(
        `${at}: on axis ${axis} blocks of ${space.block[axis]} overlap with a stride of ${stride}`,
      );
    }
  });
  return space;
}

function points(space: Hyperslab): number {
  return space.count.reduce((size, count, axis) => size * count * (space.block[axis] ?? 1), 1);
}

function endOf(space: Hyperslab, axis: number): number {
  const [start = 0, count = 0, stride = 1, block = 1] = [
    space.start,
    space.count,
    space.stride,
    space.block,
  ].map((list) => list[axis] ?? 0);
  return count === 0 || block === 0 ? 0 : start + (count - 1) * stride + block;
}

/** Files and paths that links point to: any text that HDF5 can store. */
function requireTarget(text: unknown): string {
  if (typeof text !== "string" || text.includes("\0") || !text.isWellFormed()) {
    throw new MappingError(`${describe(text)} is no target that HDF5 can store`);
  }
  return text;
}
