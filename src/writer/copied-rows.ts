import { openHdf5Reader } from "../hdf5/reader.js";
import { parseExactJson } from "../json.js";
import { itemsizeOf, sizeOfShape } from "../ndarray/dtype.js";
import type { RawArray } from "../ndarray/raw.js";
import type { StreamView } from "../stream/reading.js";
import { NumberSink } from "./sinks/numbers.js";
import type { StreamSink } from "./sinks/sink.js";
import { TextSink } from "./sinks/texts.js";

/** Rows are copied in blocks of about this many bytes; a text counts as so many. */
const BLOCK = 4 * 1024 * 1024;
const TEXT_BYTES = 1024;

/** True for places where the points of a stream are rows of a dataset. */
export function holdsRows(sink: StreamSink): boolean {
  return sink instanceof NumberSink || sink instanceof TextSink;
}

/** Gives a place what it does not have of the rows that another place of the same stream has, committed, in a file. */
export async function copyRows(from: StreamSink, to: StreamSink, signal: AbortSignal): Promise<void> {
  const { file, path } = from.target;
  await using reader = await openHdf5Reader(file.path);
  const item = await reader.describe(path);
  if (item?.kind !== "dataset" || item.shape === null) return;
  const [length = 0, ...row] = item.shape;
  const rowBytes = sizeOfShape(row) * (itemsizeOf(item.dtype) ?? TEXT_BYTES);
  const step = Math.max(1, Math.floor(BLOCK / Math.max(1, rowBytes)));
  while (to.next < length) {
    const count = Math.min(step, length - to.next);
    const whole = row.map((size) => ({ start: 0, step: 1, count: size, drop: false }));
    const ranges = [{ start: to.next, step: 1, count, drop: false }, ...whole];
    await to.append(viewOf(await reader.read(path, ranges, { signal }), to.next, count));
  }
}

function viewOf(rows: RawArray, index: number, length: number): StreamView {
  const { data } = rows;
  const points = Array.isArray(data)
    ? { ...rows, data: data.map((text) => parseExactJson(String(text))) }
    : rows;
  return {
    index,
    length,
    lost: 0,
    data: () => Promise.reject(new RangeError("Copied rows are only written.")),
    raw: async () => [points],
  };
}
