import { InvalidArgumentError } from "../errors.js";
import { type AxisRange, type AxisSelection, resolveSelection, type Selection } from "../ndarray/slice.js";
import type { SignalOption } from "../stream/reading.js";

/** Options of calls that read data. */
export interface ReadOptions extends SignalOption {
  /**
   * On live datasets: wait for points that a selection asks for and that are not there yet, until the seal.
   * @default true
   */
  readonly wait?: boolean;
  /** Milliseconds to wait; then TimeoutError. Default: no limit. */
  readonly timeout?: number;
}

/**
 * What to read: nothing (all), `start, stop, step` on the first axis as in Python, or one selection per axis as soon as
 * one of them is a list or `"..."`: `[0, 10], null, [5, 20, 2], 3`. The last argument may be options.
 */
export type SliceArguments = readonly (Selection | ReadOptions | undefined)[];

export interface ParsedSlice {
  readonly selections: readonly Selection[];
  readonly options: ReadOptions;
}

export function parseSlice(args: SliceArguments): ParsedSlice {
  const given = [...args];
  while (given.length > 0 && given.at(-1) === undefined) given.pop();
  const last = given.at(-1);
  const options = isOptions(last) ? last : {};
  if (isOptions(last)) given.pop();
  const selections = given.map((selection) => requireSelection(selection ?? null));
  if (selections.length === 0) return { selections: [], options };
  if (selections.some((selection) => selection === "..." || Array.isArray(selection)))
    return { selections, options };
  if (selections.length > 3) {
    throw new InvalidArgumentError(
      "A slice of one axis has a start, a stop and a step; for more axes give each as [start, stop] or null.",
    );
  }
  const [start = null, stop = null, step = null] = selections as readonly (number | null)[];
  return { selections: [[start, stop, step]], options };
}

function isOptions(value: unknown): value is ReadOptions {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function requireSelection(value: Selection | ReadOptions): Selection {
  if (value === null || value === "..." || typeof value === "number") return value;
  if (Array.isArray(value) && value.length <= 3) return value as AxisSelection;
  throw new InvalidArgumentError(
    `A selection is a number, null, "..." or [start, stop, step], not ${JSON.stringify(value)}.`,
  );
}

/** The points start … stop - 1 that a selection takes one after the other; undefined for any other selection. */
export function consecutivePoints(selection: AxisSelection): { start: number; stop: number } | undefined {
  if (selection === null) return undefined;
  if (typeof selection === "number") {
    return selection < 0 ? undefined : { start: selection, stop: selection + 1 };
  }
  const [start, stop, step] = [selection[0] ?? 0, selection[1], selection[2] ?? 1];
  return stop === null || step !== 1 || start < 0 || stop <= start ? undefined : { start, stop };
}

/** The selection on an array of this shape; `what` names the dataset in errors. */
export function resolveOn(
  selections: readonly AxisSelection[],
  shape: readonly number[],
  what: string,
): AxisRange[] {
  try {
    return resolveSelection(selections, shape);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    const index = error.index === undefined ? {} : { index: error.index };
    throw new InvalidArgumentError(`${what} of shape [${shape}]: ${error.message}`, {
      ...index,
      cause: error,
    });
  }
}
