import type { Dataset } from "../../h5api/dataset.js";
import { resolveOn } from "../../h5api/selection.js";
import { NdArray, type Value } from "../../ndarray/ndarray.js";
import { parseSelection, type Selection, withoutEllipsis } from "../../ndarray/slice.js";
import { dropAxes, takeArray, wholeAxis } from "../../ndarray/take.js";
import { command, type Output, UsageError } from "../command.js";
import { jsonPieces, jsonValue } from "../json-values.js";
import { MODE_OPTION, openPlace } from "../open-file.js";

export const get = command({
  usage: "FILE::PATH",
  help: `Prints the data of a dataset, or of a group's default signal (NXdata, NXdetector …). A path without an entry is
looked for in the newest one: /data/demo.h5::/instrument/diode. Of a live dataset it prints what is there now; with
--follow also what comes, until the stream is sealed. --slice takes NumPy's notation: 0:10, ::2, "-1, :, 5:20", "..., 0".`,
  options: {
    slice: { type: "string", value: "SLICE", description: "the part to print; everything when absent" },
    follow: { type: "boolean", description: "print points as they come, to the end of the stream" },
    mode: MODE_OPTION,
  },
  positionals: [1, 1],
  async run(context) {
    const { positionals, values, signal, json, stdout, printJson } = context;
    const selections = values.slice === undefined ? [] : parseSelection(values.slice);
    const { file: opened, path } = await openPlace(context, positionals[0] ?? "", values.mode);
    await using file = opened;
    const dataset = await file.get(path, { signal }).dataset();
    const print = (array: NdArray) => (json ? printArrayJson : printRows)(array, stdout);
    if (values.follow) {
      for await (const array of followed(dataset, selections, signal)) {
        await print(array);
      }
      return 0;
    }
    if ((await dataset.shape({ signal })) === null) {
      await (json ? printJson({ dtype: dataset.dtype, shape: null, data: null }) : context.print("empty"));
      return 0;
    }
    await print(await dataset.select(selections, { wait: false, signal }));
    return 0;
  },
});

/** The selected points as they come, in arrays along the first axis. */
async function* followed(
  dataset: Dataset,
  selections: readonly Selection[],
  signal: AbortSignal,
): AsyncGenerator<NdArray, undefined, undefined> {
  const [first = null, ...inner] = withoutEllipsis(selections, dataset.ndim);
  const [start, stop, step] = Array.isArray(first) ? [first[0], first[1], first[2] ?? 1] : [0, null, 1];
  if (typeof first === "number" || (stop ?? 0) < 0 || step < 1) {
    throw new UsageError("--follow takes slices that go forwards to a fixed point, such as 10: or 0:100:2");
  }
  const from = start ?? 0;
  for await (const block of dataset.blocks({ from, signal })) {
    const end = Math.min(block.index + block.length, stop ?? Number.POSITIVE_INFINITY);
    const next = block.index + ((((from - block.index) % step) + step) % step);
    const count = Math.max(0, Math.ceil((end - next) / step));
    if (count > 0) {
      const rows = { start: next - block.index, step, count, drop: false };
      const ranges = [rows, ...resolveOn(inner, block.shape.slice(1), `A point of ${dataset.location}`)];
      yield dropAxes(takeArray(block, ranges), ranges);
    }
    if (stop !== null && block.index + block.length >= stop) return;
  }
}

async function printArrayJson(array: NdArray, stdout: Output): Promise<void> {
  for (const piece of jsonPieces(array)) await stdout.write(piece);
  await stdout.write("\n");
}

/** One line for each point. */
async function printRows(array: NdArray, stdout: Output): Promise<void> {
  if (array.ndim === 0) {
    const value = array.flat(0);
    await stdout.write(`${typeof value === "string" ? value : lineOf(value)}\n`);
    return;
  }
  const PAGE = 1000;
  const length = array.shape[0] ?? 0;
  for (let start = 0; start < length; start += PAGE) {
    const lines: string[] = [];
    for (let i = start; i < Math.min(length, start + PAGE); i++) {
      const row = takeArray(array, [{ ...wholeAxis(1), start: i }, ...array.shape.slice(1).map(wholeAxis)]);
      lines.push(
        lineOf(array.ndim === 1 ? row.flat(0) : new NdArray(row.data, row.shape.slice(1), row.dtype)),
      );
    }
    await stdout.write(`${lines.join("\n")}\n`);
  }
}

/** Texts that would begin lines of their own, or steer the terminal, are shown as in JSON. */
const CONTROL = /\p{Cc}/u;

function lineOf(value: Value): string {
  return flatText(jsonValue(value));
}

/** Numbers of a row with blanks between them; anything nested as JSON. */
function flatText(value: unknown): string {
  if (Array.isArray(value) && value.every((item) => typeof item === "number" || isPlainText(item))) {
    return value.join(" ");
  }
  return isPlainText(value) ? value : JSON.stringify(value);
}

function isPlainText(value: unknown): value is string {
  return typeof value === "string" && !CONTROL.test(value);
}
