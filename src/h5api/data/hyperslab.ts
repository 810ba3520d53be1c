import type { Hyperslab } from "../../mapping/tree.js";
import type { AxisRange } from "../../ndarray/slice.js";

/** The indices that a hyperslab selects on one axis, in order. */
function indicesOf(slab: Hyperslab, axis: number): number[] {
  const start = slab.start[axis] ?? 0;
  const stride = slab.stride[axis] ?? 1;
  const block = slab.block[axis] ?? 1;
  const out: number[] = [];
  for (let i = 0; i < (slab.count[axis] ?? 0); i++)
    for (let j = 0; j < block; j++) out.push(start + i * stride + j);
  return out;
}

/** Indices per axis; axes with a single index can stand anywhere in a pair of selections. */
export function axesOf(slab: Hyperslab): number[][] {
  return slab.start.map((_, axis) => indicesOf(slab, axis));
}

/** For each index that a range asks for and a selection has: where in the result, and where in the selection. */
export function overlap(
  range: AxisRange,
  indices: readonly number[],
): { result: number[]; selection: number[] } {
  const result: number[] = [];
  const selection: number[] = [];
  const low = Math.min(range.start, range.start + (range.count - 1) * range.step);
  const high = Math.max(range.start, range.start + (range.count - 1) * range.step);
  indices.forEach((index, position) => {
    if (index < low || index > high || (index - range.start) % range.step !== 0) return;
    result.push((index - range.start) / range.step);
    selection.push(position);
  });
  if (range.step < 0) {
    result.reverse();
    selection.reverse();
  }
  return { result, selection };
}

/** A range that covers the indices, and where in it they are. Evenly spaced ones are covered exactly. */
export function covering(indices: readonly number[]): { range: AxisRange; at: number[] } {
  const first = indices[0] ?? 0;
  const step = (indices[1] ?? first + 1) - first;
  if (step !== 0 && indices.every((index, i) => index === first + i * step)) {
    return {
      range: { start: first, step, count: indices.length, drop: false },
      at: indices.map((_, i) => i),
    };
  }
  const low = indices.reduce((a, b) => Math.min(a, b), first);
  const high = indices.reduce((a, b) => Math.max(a, b), first);
  return {
    range: { start: low, step: 1, count: high - low + 1, drop: false },
    at: indices.map((index) => index - low),
  };
}
