import { sizeOfShape } from "../ndarray/dtype.js";
import type { RawArray } from "../ndarray/raw.js";
import { UnsupportedFileError } from "./errors.js";
import { textOf } from "./format/text.js";
import type { DatasetDescription, ItemDescription } from "./reader-api.js";
import { type Collector, collectorFor, type Memory } from "./reader-collect.js";
import type { OpenFile } from "./reader-handle.js";
import type { AttributeName, H5Metadata, H5Type } from "./reader-library.js";
import type { Box } from "./reader-pages.js";
import {
  dtypeOf,
  type ElementType,
  elementType,
  numbersAsBytes,
  ownsMemory,
  splitArrayType,
  UnreadableType,
} from "./reader-types.js";

/** HDF5's object kinds as `get_type` gives them (H5G_obj_t). */
export const KIND = { group: 0, dataset: 1, type: 2, link: 3, userLink: 4 } as const;

export function kindOf(file: OpenFile, path: string): number | undefined {
  return once(file, "kind", path, () => readKind(file, path));
}

function readKind(file: OpenFile, path: string): number | undefined {
  const kind = file.library.get_type(file.id, path);
  file.check(path);
  return kind < 0 ? undefined : kind;
}

/** Where the object at a path lies in the file: the same for all its names. */
export function addressOf(file: OpenFile, path: string): string {
  const reference = file.library.create_object_reference(file.id, path);
  file.check(path);
  return Buffer.from(reference).toString("hex");
}

export function describe(file: OpenFile, path: string): ItemDescription | undefined {
  const known = file.known.get(`item ${path}`) as ItemDescription | undefined;
  if (known) return known;
  const item = readItem(file, path);
  // The extent of a virtual dataset may follow other files.
  const mayChange = item?.kind === "dataset" && item.virtualSources !== null;
  if (item && !mayChange && isOwn(file, path)) file.known.set(`item ${path}`, item);
  return item;
}

/** The link at a path: null for the object itself, undefined when there is nothing. */
function linkAt(file: OpenFile, path: string): ItemDescription | null | undefined {
  const { library, id } = file;
  // A missing link leaves these two calls with what happened to be in memory: ask for the errors first.
  const target = library.get_symbolic_link(id, path);
  if (!linkExists(file)) return undefined;
  if (target !== null) return { kind: "soft_link", target };
  const { filename, obj_path } = library.get_external_link(id, path);
  if (filename === undefined || obj_path === undefined) return null;
  return { kind: "external_link", file: filename, path: obj_path };
}

function readItem(file: OpenFile, path: string): ItemDescription | undefined {
  if (path !== "/") {
    const link = linkAt(file, path);
    if (link !== null) return link;
  }
  switch (kindOf(file, path)) {
    case undefined:
      return undefined;
    case KIND.group:
      return { kind: "group" };
    case KIND.dataset:
      return dataset(file, path);
    case KIND.type:
      return { kind: "other", what: "a named data type" };
    default:
      return { kind: "other", what: "a user-defined link" };
  }
}

/** The link functions report an error when there is no link of that name. */
function linkExists(file: OpenFile): boolean {
  try {
    file.check("a link");
    return true;
  } catch {
    return false;
  }
}

const UNLIMITED = 2 ** 63;

function dataset(file: OpenFile, path: string): ItemDescription {
  const metadata = metadataOf(file, path);
  const type = readableType(metadata);
  if (type instanceof UnreadableType) return { kind: "other", what: `a dataset of ${type.message}` };
  const filters = file.library.get_dataset_filters(file.id, path) ?? file.fail(`the filters of ${path}`);
  const { inner } = splitArrayType(type);
  const sources = metadata.virtual_sources?.map((source) => ({
    file: source.file_name,
    dataset: source.dset_name,
  }));
  const description: DatasetDescription = {
    kind: "dataset",
    dtype: dtypeOf(type),
    shape: metadata.shape && [...metadata.shape, ...inner],
    maxshape: metadata.maxshape && [...metadata.maxshape.map((n) => (n >= UNLIMITED ? null : n)), ...inner],
    chunks: metadata.chunks,
    filters: filters.map((filter) => ({ id: filter.id, values: filter.cd_values })),
    virtualSources: sources ?? null,
  };
  file.check(path);
  return description;
}

export function metadataOf(file: OpenFile, path: string): H5Metadata {
  const known = file.known.get(`metadata ${path}`) as H5Metadata | undefined;
  if (known) return known;
  const metadata = file.library.get_dataset_metadata(file.id, path);
  file.check(path);
  if (!metadata) return file.fail(path);
  if (!metadata.virtual_sources && isOwn(file, path)) file.known.set(`metadata ${path}`, metadata);
  return metadata;
}

function readableType(type: H5Type): ElementType | UnreadableType {
  try {
    return elementType(type);
  } catch (error) {
    if (error instanceof UnreadableType) return error;
    throw error;
  }
}

export function requireReadable(type: H5Type, where: string): ElementType {
  const readable = readableType(type);
  if (readable instanceof UnreadableType) {
    throw new UnsupportedFileError(`${where} holds ${readable.message}, which cannot be read here.`, {
      path: where,
    });
  }
  return readable;
}

/** The attributes of these names; those whose numbers are `odd` have bytes in their place, those that cannot be read are left out. */
export function attributesOf(
  file: OpenFile,
  path: string,
  names: readonly AttributeName[],
  odd: readonly string[],
): ReadonlyMap<string, RawArray> {
  const attributes = new Map<string, RawArray>();
  for (const name of names) {
    const text = typeof name === "string" ? name : textOf(name);
    const value = attribute(file, path, name, odd.includes(text));
    if (value) attributes.set(text, value);
  }
  return attributes;
}

/** One attribute, its numbers as bytes when they are `odd`; undefined when its type cannot be read here. */
function attribute(file: OpenFile, path: string, name: AttributeName, odd: boolean): RawArray | undefined {
  const { library, id } = file;
  const metadata = library.get_attribute_metadata(id, path, name);
  file.check(`${path}@${name}`);
  if (!metadata) return file.fail(`${path}@${name}`);
  const readable = readableType(metadata);
  if (readable instanceof UnreadableType) return undefined;
  const type = odd ? numbersAsBytes(readable) : readable;
  const { element, inner } = splitArrayType(type);
  const dtype = dtypeOf(element);
  if (metadata.shape === null) return { dtype, shape: null, data: new Uint8Array(0) };
  const count = sizeOfShape(metadata.shape);
  const collector = collectorFor(type, count, metadata.shape);
  if (count > 0) {
    withMemory(file, count * type.size, `${path}@${name}`, (pointer) => {
      if (library.get_attribute_data(id, path, name, BigInt(pointer)) < 0) file.fail(`${path}@${name}`);
      collector.add(memoryOf(file), pointer, type.size, count);
      if (ownsMemory(type)) library.reclaim_vlen_memory(id, path, name, BigInt(pointer));
    });
  }
  return { dtype, shape: [...metadata.shape, ...inner], data: collector.data() };
}

export function readBox(
  file: OpenFile,
  path: string,
  box: Box,
  type: ElementType,
  scalar: boolean,
  collector: Collector,
): void {
  const { library, id } = file;
  const count = sizeOfShape(box.map((range) => range.count));
  const counts = box.map((range) => BigInt(range.count));
  const starts = box.map((range) => BigInt(range.start));
  const steps = box.map((range) => BigInt(range.step));
  withMemory(file, count * type.size, path, (pointer) => {
    const at = BigInt(pointer);
    const status = scalar
      ? library.get_dataset_data(id, path, null, null, null, at)
      : library.get_dataset_data(id, path, counts, starts, steps, at);
    if (status < 0) file.fail(path);
    collector.add(memoryOf(file), pointer, type.size, count);
    if (!ownsMemory(type)) return;
    if (scalar) library.reclaim_vlen_memory(id, path, "", at);
    else library.reclaim_vlen_memory_count(id, path, "", at, counts);
  });
}

function withMemory(file: OpenFile, size: number, what: string, use: (pointer: number) => void): void {
  const { library } = file;
  const pointer = library._malloc(size);
  if (pointer === 0) file.fail(`${what} (no memory for ${size} bytes)`);
  try {
    use(pointer);
  } finally {
    library._free(pointer);
  }
}

function memoryOf(file: OpenFile): Memory {
  const { library, id } = file;
  return {
    bytes: library.HEAPU8,
    resolve: (reference, isObject) => library.get_referenced_name(id, reference, isObject) ?? "",
  };
}

/** True for paths that lead through no link: what lies there belongs to the open file, and changes only with it. */
export function isOwn(file: OpenFile, path: string): boolean {
  const key = `own ${path}`;
  let own = file.known.get(key) as boolean | undefined;
  if (own === undefined) {
    const parents = path.split("/").map((_, i, elements) => elements.slice(0, i + 1).join("/"));
    own = path === "/" || parents.slice(1).every((parent) => linkAt(file, parent) === null);
    file.known.set(key, own);
  }
  return own;
}

/** A fact about the open file, found out once. */
function once<T>(file: OpenFile, what: string, path: string, find: () => T): T {
  const key = `${what} ${path}`;
  const known = file.known.get(key) as T | undefined;
  if (known !== undefined) return known;
  const found = find();
  if (found !== undefined && isOwn(file, path)) file.known.set(key, found);
  return found;
}
