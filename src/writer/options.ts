import { isAbsolute } from "node:path";
import type { Logger } from "pino";
import { InvalidArgumentError } from "../errors.js";
import { type ChunkOptions, DEFAULT_CHUNKS } from "./chunks.js";
import { LEAST_FREE } from "./target-checks.js";

export interface WriterOptions {
  /** Write the scans of this session only; default: all. */
  readonly session?: string | null;
  /** Folders that files must lie in; default: anywhere. */
  readonly roots?: readonly string[];
  /** Scans that are written at the same time; default 32. */
  readonly concurrency?: number;
  /** Bytes that must be free for a scan to be written; default 200 MB. */
  readonly leastFree?: number;
  readonly chunks?: ChunkOptions;
  /** Default: no log. */
  readonly logger?: Logger;
  readonly signal?: AbortSignal;
}

export type CompleteOptions = WriterOptions &
  Required<Pick<WriterOptions, "roots" | "concurrency" | "leastFree" | "chunks">>;

const CONCURRENCY = 32;

/** The options with their defaults; what would let a writer do what nobody asked for is an InvalidArgumentError. */
export function completeOptions(options: WriterOptions): CompleteOptions {
  const { roots = [], concurrency = CONCURRENCY, leastFree = LEAST_FREE, chunks = DEFAULT_CHUNKS } = options;
  // A text would be taken for a list of its letters, of which "/" allows everything.
  if (!Array.isArray(roots) || !roots.every((root) => typeof root === "string" && isAbsolute(root)))
    throw new InvalidArgumentError(`roots is a list of absolute paths, not ${JSON.stringify(roots)}.`);
  requireInteger("concurrency", concurrency, 1);
  requireInteger("leastFree", leastFree, 0);
  requireInteger("chunks.chunkBytes", chunks.chunkBytes, 1);
  requireInteger("chunks.split", chunks.split, 1);
  requireInteger("chunks.compressFrom", chunks.compressFrom, 0);
  return { ...options, roots, concurrency, leastFree, chunks };
}

function requireInteger(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new InvalidArgumentError(`${name} must be an integer from ${least}, not ${value}.`);
}
