import type { Hyperslab, VirtualNode, VirtualSource } from "../tree.js";
import { interpretation } from "./channel-data.js";
import { rows } from "./lima-images.js";

/**
 * The data of a mesh, saved one point after the other, as a grid: a virtual dataset on the file itself, with one source
 * per line of the grid. Its shape is the grid (slow axis first) followed by the shape of a point.
 */
export function gridOf(
  path: string,
  grid: readonly number[],
  pointShape: readonly number[],
  dtype: string,
): VirtualNode {
  const line = grid.at(-1) ?? 1;
  const slow = grid.slice(0, -1);
  const lines = slow.reduce((product, length) => product * length, 1);
  const sources: VirtualSource[] = Array.from({ length: lines }, (_, index) => ({
    target: lineOf(unravel(index, slow), line, pointShape),
    file: ".",
    dataset: path,
    source: rows(index * line, line, pointShape),
  }));
  return {
    kind: "virtual",
    attributes: interpretation(pointShape.length > 0 ? pointShape.length : grid.length),
    dtype,
    shape: [...grid, ...pointShape],
    sources,
  };
}

function lineOf(position: readonly number[], line: number, pointShape: readonly number[]): Hyperslab {
  const block = [...position.map(() => 1), line, ...pointShape];
  const ones = block.map(() => 1);
  return { start: [...position, 0, ...pointShape.map(() => 0)], count: ones, stride: ones, block };
}

/** The indices of an element in C order. */
function unravel(index: number, shape: readonly number[]): number[] {
  const position: number[] = [];
  let rest = index;
  for (const length of [...shape].reverse()) {
    position.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return position;
}

/**
 * The positions along one axis of a grid: averaged over the other axes, then put on their least-squares line, as a
 * regular axis for plots. Points that are missing or not finite do not count; undefined when none is left.
 */
export function gridAxis(
  values: ArrayLike<number>,
  grid: readonly number[],
  axis: number,
): number[] | undefined {
  const length = grid[axis] ?? 0;
  const step = grid.slice(axis + 1).reduce((product, next) => product * next, 1);
  const points = grid.reduce((product, next) => product * next, 1);
  const sums = new Float64Array(length);
  const counts = new Float64Array(length);
  for (let i = 0; i < Math.min(points, values.length); i++) {
    const value = Number(values[i]);
    const position = Math.floor(i / step) % length;
    if (!Number.isFinite(value)) continue;
    sums[position] = (sums[position] ?? 0) + value;
    counts[position] = (counts[position] ?? 0) + 1;
  }
  const known: [x: number, y: number][] = [];
  counts.forEach((count, x) => {
    if (count > 0) known.push([x, (sums[x] ?? 0) / count]);
  });
  if (known.length === 0) return undefined;
  const { slope, offset } = line(known);
  return Array.from({ length }, (_, x) => offset + slope * x);
}

/** The least-squares line through points; constant through a single one. */
function line(points: readonly (readonly [x: number, y: number])[]): { slope: number; offset: number } {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  let above = 0;
  let below = 0;
  for (const [x, y] of points) {
    above += (x - meanX) * (y - meanY);
    below += (x - meanX) ** 2;
  }
  const slope = below === 0 ? 0 : above / below;
  return { slope, offset: meanY - slope * meanX };
}
