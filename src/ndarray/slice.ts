import { InvalidArgumentError } from "../errors.js";

/** What to take from one axis: all (`null`), one index (drops the axis), or `[start, stop, step?]` as in Python. */
export type AxisSelection =
  | null
  | number
  | readonly [start: number | null, stop: number | null, step?: number | null];

/** What to take from the axes of an array: `"..."` (NumPy's Ellipsis, at most one) is all of the axes that the others leave. */
export type Selection = AxisSelection | "...";

/** A selection on an axis of known length: `count` indices `start, start + step, …`. */
export interface AxisRange {
  readonly start: number;
  readonly step: number;
  readonly count: number;
  /** True when the axis disappears from the result (an integer index). */
  readonly drop: boolean;
}

/** The lowest index of a range that is not empty. */
export function lowestIndex({ start, step, count }: AxisRange): number {
  return Math.min(start, start + (count - 1) * step);
}

/** The highest index of a range, -1 when it is empty. */
export function highestIndex({ start, step, count }: AxisRange): number {
  return count === 0 ? -1 : Math.max(start, start + (count - 1) * step);
}

/** Python's `slice`: `slice(stop)`, `slice(start, stop)`, `slice(start, stop, step)`. */
export function slice(
  start: number | null,
  stop?: number | null,
  step?: number | null,
): readonly [number | null, number | null, number | null] {
  return stop === undefined ? [null, start, step ?? null] : [start, stop, step ?? null];
}

function requireInteger(value: number, what: string): void {
  if (!Number.isSafeInteger(value)) {
    throw new InvalidArgumentError(`${what} must be an integer, got ${String(value)}.`);
  }
}

/**
 * Applies a selection to an axis of `length` points, with Python's rules: negative values count from the end, slices are
 * clipped. An integer index outside the axis is an InvalidArgumentError with code ERR_INVALID_ARGUMENT.
 */
export function resolveAxis(selection: AxisSelection, length: number): AxisRange {
  if (selection === null) return { start: 0, step: 1, count: length, drop: false };
  if (typeof selection === "number") {
    requireInteger(selection, "An index");
    const start = selection < 0 ? selection + length : selection;
    if (start < 0 || start >= length) {
      throw new InvalidArgumentError(`Index ${selection} is out of bounds for an axis of ${length} points.`, {
        index: selection,
      });
    }
    return { start, step: 1, count: 1, drop: true };
  }
  const step = selection[2] ?? 1;
  requireInteger(step, "A slice's step");
  if (step === 0) throw new InvalidArgumentError("A slice's step cannot be zero.");
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const start = clip(selection[0], step > 0 ? low : high, length, low, high);
  const stop = clip(selection[1], step > 0 ? high : low, length, low, high);
  const count = Math.max(0, Math.ceil((stop - start) / step));
  return { start, step, count, drop: false };
}

function clip(value: number | null, missing: number, length: number, low: number, high: number): number {
  if (value === null) return missing;
  requireInteger(value, "A slice's bound");
  return Math.min(high, Math.max(low, value < 0 ? value + length : value));
}

/** The selections on an array of so many axes, with the `"..."` among them written out. */
export function withoutEllipsis(selections: readonly Selection[], axes: number): readonly AxisSelection[] {
  const given = selections.filter((selection) => selection !== "...");
  if (given.length === selections.length) return given;
  if (given.length < selections.length - 1)
    throw new InvalidArgumentError('A selection can have only one "...".');
  const left = Math.max(0, axes - given.length);
  return given.toSpliced(selections.indexOf("..."), 0, ...Array<null>(left).fill(null));
}

/** Applies one selection per axis; missing ones take the whole axis. More selections than axes are refused. */
export function resolveSelection(
  selections: readonly AxisSelection[],
  shape: readonly number[],
): AxisRange[] {
  if (selections.length > shape.length) {
    throw new InvalidArgumentError(
      `${selections.length} indices for an array of ${shape.length} dimensions.`,
    );
  }
  return shape.map((length, axis) => resolveAxis(selections[axis] ?? null, length));
}

/**
 * How many points the first axis must have before a selection can be answered: a number, or the end of the stream when
 * it counts from there or goes up to it.
 */
export function pointsNeeded(selection: AxisSelection): number | "end" {
  if (selection === null) return "end";
  if (typeof selection === "number") return selection < 0 ? "end" : selection + 1;
  const [start, stop, step] = [selection[0], selection[1], selection[2] ?? 1];
  if ((start ?? 0) < 0 || (stop ?? 0) < 0) return "end";
  if (step < 0) return start === null ? "end" : stop !== null && stop >= start ? 0 : start + 1;
  if (stop === null) return "end";
  const first = start ?? 0;
  if (stop <= first) return 0;
  return first + Math.floor((stop - 1 - first) / Math.max(1, step)) * Math.max(1, step) + 1;
}

/** Reads NumPy's notation, as on the command line: `"0:10"`, `"::2, 5, -1:"`, `"..., 0"`. */
export function parseSelection(text: string): Selection[] {
  return text
    .trim()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/([^,\s])\s*,\s*$/, "$1") // as Python's tuples may end
    .split(",")
    .map((part) => parseAxis(part.trim(), text));
}

function parseAxis(part: string, whole: string): Selection {
  if (part === "...") return part;
  const fields = part.split(":").map((field) => field.trim());
  if (fields.length > 3 || fields.some((field) => !/^[+-]?\d*$/.test(field)) || part === "") {
    throw new InvalidArgumentError(
      `Cannot read the slice "${whole}": expected forms such as "0:10", "::2", "3, :" or "..., 0".`,
    );
  }
  const numbers = fields.map((field) => (field === "" ? null : Number(field)));
  if (numbers.some((value) => Number.isNaN(value))) {
    throw new InvalidArgumentError(`Cannot read the slice "${whole}": "${part}" is not a slice.`);
  }
  if (fields.length === 1) return numbers[0] ?? null;
  return [numbers[0] ?? null, numbers[1] ?? null, numbers[2] ?? null];
}
