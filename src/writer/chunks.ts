import type { DatasetOptions } from "../hdf5/writer-api.js";

/** How datasets are stored; what a scan's `writer_options.chunk_options` and the configuration may override. */
export interface ChunkOptions {
  /** Aimed size of a chunk in bytes; default 1 MiB. */
  readonly chunkBytes: number;
  /** Into how many pieces an axis is split at most when one element exceeds a chunk; default 4. */
  readonly split: number;
  /** Datasets of at least this many bytes are compressed; default 1 MiB. */
  readonly compressFrom: number;
  readonly scheme: CompressionScheme;
}

export type CompressionScheme = "none" | "gzip" | "shuffle" | "gzip-shuffle";

export const DEFAULT_CHUNKS: ChunkOptions = {
  chunkBytes: 1024 * 1024,
  split: 4,
  compressFrom: 1024 * 1024,
  scheme: "gzip-shuffle",
};

const GZIP_LEVEL = 4;

/**
 * The storage of a growing dataset: chunks of about `chunkBytes` that grow along the first axis. When one element
 * exceeds that, its axes are split, the last ones first, as blisswriter does.
 *
 * @param rowShape shape of one element, variable axes at the length known now.
 */
export function growingStorage(
  rowShape: readonly number[],
  itemsize: number,
  options: ChunkOptions = DEFAULT_CHUNKS,
): DatasetOptions {
  return {
    chunks: chunkShape(rowShape, itemsize, options),
    ...filters(options.scheme),
    contiguousBelow: options.compressFrom,
  };
}

/** A chunk's shape: rows of whole elements, or one row of a part of an element when elements are larger. */
export function chunkShape(rowShape: readonly number[], itemsize: number, options: ChunkOptions): number[] {
  const room = Math.max(1, Math.floor(options.chunkBytes / itemsize));
  const element = rowShape.map((length) => Math.max(1, length));
  const size = element.reduce((product, length) => product * length, 1);
  if (size <= room) return [Math.max(1, Math.floor(room / size)), ...element];
  return [1, ...splitElement(element, room, options.split)];
}

function splitElement(shape: readonly number[], room: number, split: number): number[] {
  let product = 1;
  return shape
    .toReversed()
    .map((length) => {
      const chunk = product >= room ? 1 : Math.min(Math.ceil(length / split), Math.ceil(room / product));
      product *= chunk;
      return chunk;
    })
    .toReversed();
}

function filters(scheme: CompressionScheme): DatasetOptions {
  const shuffle = scheme === "shuffle" || scheme === "gzip-shuffle";
  const gzip = scheme === "gzip" || scheme === "gzip-shuffle";
  return { ...(shuffle && { shuffle: true }), ...(gzip && { gzip: GZIP_LEVEL }) };
}

/**
 * `writer_options.chunk_options` of a scan over the configured options. Filters that this writer does not make
 * (bitshuffle, lz4) become gzip with shuffle, with a warning: every reader can read that.
 */
export function scanChunkOptions(
  info: Readonly<Record<string, unknown>>,
  configured: ChunkOptions,
): { options: ChunkOptions; warnings: string[] } {
  const given = recordOf(recordOf(info.writer_options).chunk_options);
  const warnings: string[] = [];
  const scheme = given.compression_scheme;
  const known = typeof scheme === "string" ? SCHEMES.get(scheme) : undefined;
  if (scheme !== undefined && scheme !== null && known === undefined) {
    warnings.push(
      `writer_options.chunk_options.compression_scheme ${JSON.stringify(scheme)} is not made here: gzip with shuffle is used.`,
    );
  }
  return {
    options: {
      chunkBytes: positive(given.chunk_nbytes) ?? configured.chunkBytes,
      split: positive(given.chunk_split) ?? configured.split,
      compressFrom: positive(given.compression_limit_nbytes) ?? configured.compressFrom,
      scheme: scheme === undefined || scheme === null ? configured.scheme : (known ?? "gzip-shuffle"),
    },
    warnings,
  };
}

/** Names of schemes in BLISS' scan_info. */
const SCHEMES: ReadonlyMap<string, CompressionScheme> = new Map([
  ["none", "none"],
  ["gzip", "gzip"],
  ["byteshuffle", "shuffle"],
  ["gzip-byteshuffle", "gzip-shuffle"],
]);

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

function positive(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
}
