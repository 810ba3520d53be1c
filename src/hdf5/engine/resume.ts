import { InvalidArgumentError } from "../../errors.js";
import type { DType } from "../../ndarray/dtype.js";
import { UnsupportedFileError } from "../errors.js";
import { type Dataspace, parseDataspace } from "../format/dataspace.js";
import { hasText, parseDatatype, storedSize } from "../format/datatype.js";
import { type Layout, parseLayout } from "../format/layout.js";
import { type Filter, MESSAGE, parseFill, parsePipeline } from "../format/messages.js";
import type { DatasetOptions } from "../writer-api.js";
import { ChunkedStorage } from "./chunked.js";
import { areKnown } from "./filters.js";
import { type GrowingSpec, growingSpec, hasSmallRows } from "./growing-spec.js";
import type { StoredObject } from "./object.js";
import { RegionStorage } from "./region.js";
import type { Space, Storage } from "./storage.js";

/** Datasets in one block are read back into memory to be resumed; larger ones are refused. */
const BLOCK_MAX = 256 * 2 ** 20;

export interface Resumable {
  readonly spec: GrowingSpec;
  readonly storage: Storage;
  readonly rows: number;
  /** False when the header has to be written anew: it does not keep what changes in a chunk of its own. */
  readonly inPlace: boolean;
}

/** Reads a dataset such that more rows can be appended to it; refuses those we cannot write to. */
export async function readResumable(
  space: Space,
  object: StoredObject,
  path: string,
  options: DatasetOptions,
): Promise<Resumable> {
  const facts = readFacts(object, path);
  const { dtype, layout, rowShape, rows } = facts;
  const inPlace = object.origin === undefined && object.header.chunks.some(({ isVolatile }) => isVolatile);
  if (layout.kind === "contiguous") {
    const spec = growingSpec(path, dtype, rowShape, options.maxshape ?? [null, ...rowShape], options);
    const full = { ...spec, fill: facts.fill ?? spec.fill };
    return { spec: full, storage: await readBlock(space, layout, spec, path), rows, inPlace };
  }
  const maxshape = facts.space.maxshape ?? [rows, ...rowShape];
  const chunked = { ...options, contiguousBelow: 0, chunks: layout.chunks };
  const spec: GrowingSpec = {
    ...growingSpec(path, dtype, rowShape, maxshape, chunked),
    filters: facts.filters,
    fill: facts.fill,
  };
  const { itemsize, filters, fill } = spec;
  const storage = new ChunkedStorage(space, {
    itemsize,
    rowShape,
    chunks: layout.chunks,
    filters,
    fill,
    hasText: hasText(dtype),
  });
  await storage.resume(layout.index, rows);
  return { spec, storage, rows, inPlace };
}

interface Facts {
  readonly dtype: DType;
  readonly space: Dataspace;
  readonly rows: number;
  readonly rowShape: readonly number[];
  readonly layout: Exclude<Layout, { kind: "virtual" }>;
  readonly filters: readonly Filter[];
  readonly fill: Buffer | undefined;
}

function readFacts(object: StoredObject, path: string): Facts {
  const refuse = (why: string): never => {
    throw new UnsupportedFileError(`${path} cannot be appended to: ${why}.`, { path });
  };
  const messages = new Map(object.header.entries.map((item) => [item.type, item.encode()]));
  const [type, extent, layoutBody] = [MESSAGE.datatype, MESSAGE.dataspace, MESSAGE.layout].map((key) =>
    messages.get(key),
  );
  if (object.kind !== "dataset" || !type || !extent || !layoutBody) {
    throw new InvalidArgumentError(`${path} is not a dataset.`, { path });
  }
  const dtype = parseDatatype(type) ?? refuse("elements of its type are not written here");
  const space = parseDataspace(extent);
  const [rows, ...rowShape] = space.shape ?? refuse("it has no elements at all (null dataspace)");
  if (rows === undefined) return refuse("it is a scalar");
  const layout = parseLayout(layoutBody);
  const pipeline = messages.get(MESSAGE.pipeline);
  const filters = pipeline ? parsePipeline(pipeline) : [];
  if (!layout)
    return refuse("its layout (compact, or a chunk index of HDF5 1.10 and later) is not written here");
  if (layout.kind === "virtual") return refuse("it is virtual");
  if (messages.has(MESSAGE.externalFiles)) return refuse("it lies in external files");
  if (!areKnown(filters)) return refuse("it uses filters other than shuffle and gzip");
  if (layout.kind === "chunked" && layout.itemsize !== storedSize(dtype))
    return refuse("its layout is inconsistent");
  if (layout.kind === "contiguous" && layout.size > BLOCK_MAX)
    return refuse("it is one large block without chunks");
  const fill = messages.get(MESSAGE.fill);
  return { dtype, space, rows, rowShape, layout, filters, fill: fill && parseFill(fill) };
}

async function readBlock(
  space: Space,
  { address, size }: { readonly address: number | undefined; readonly size: number },
  spec: GrowingSpec,
  path: string,
): Promise<RegionStorage> {
  const small = hasSmallRows(spec);
  if (address === undefined) return new RegionStorage(space, spec.contiguousBelow, small);
  const rows = await space.read(address, size);
  if (rows.length < size) {
    throw new UnsupportedFileError(`${path} is truncated: ${rows.length} of ${size} bytes are there.`, {
      path,
    });
  }
  return new RegionStorage(space, spec.contiguousBelow, small, { block: { address, size }, rows });
}
