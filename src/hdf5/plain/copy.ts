import { type Runs, runsOf } from "../../ndarray/take.js";
import type { Box } from "../reader-pages.js";

/** Stretches of `length` elements each, in C order of what is copied: where they are, and where they go. */
export interface Stretches {
  readonly length: number;
  readonly from: Float64Array;
  readonly to: Float64Array;
}

/** The elements in a box of an array, to consecutive places from `first` on. */
export function runsTo(shape: readonly number[], box: Box, first: number): Stretches {
  const { starts, length } = runsOf(shape, box);
  const to = new Float64Array(starts.length);
  for (let i = 0; i < to.length; i++) to[i] = first + i * length;
  return { length, from: starts, to };
}

/** The runs of one array to those of another with as many elements along each axis. */
export function matchRuns(from: Runs, to: Runs): Stretches {
  // Both go along the last axes, as far as the arrays allow: one length is a multiple of the other.
  const length = Math.min(from.length, to.length);
  return { length, from: cut(from, length), to: cut(to, length) };
}

function cut({ starts, length }: Runs, each: number): Float64Array {
  if (length === each) return starts;
  const parts = length / each;
  const out = new Float64Array(starts.length * parts);
  for (let i = 0; i < out.length; i++) out[i] = (starts[Math.floor(i / parts)] ?? 0) + (i % parts) * each;
  return out;
}

/** Copying fewer bytes than this in a loop is faster than through a view of them. */
const FEW_BYTES = 48;

/** Copies the stretches `first` to `end - 1`; `base` is the element with which the source begins. */
export function copyStretches(
  source: Uint8Array,
  { length, from, to }: Stretches,
  out: Uint8Array,
  itemsize: number,
  { first, end, base }: { readonly first: number; readonly end: number; readonly base: number },
): void {
  const bytes = length * itemsize;
  for (let i = first; i < end; i++) {
    const start = ((from[i] ?? 0) - base) * itemsize;
    const place = (to[i] ?? 0) * itemsize;
    if (bytes > FEW_BYTES) out.set(source.subarray(start, start + bytes), place);
    else for (let k = 0; k < bytes; k++) out[place + k] = source[start + k] as number;
  }
}
