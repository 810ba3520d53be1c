import { jsonNumber } from "../../json.js";
import { dtypeOfName, numericType } from "../../ndarray/dtype.js";
import type { StreamFacts } from "../tree.js";

/** What the points of a stream look like; `shape` holds -1 for lengths that are not known (yet). */
export interface PointType {
  /** Array-interface string; undefined for JSON streams and unknown types. */
  readonly dtype: string | undefined;
  readonly shape: readonly number[];
}

/**
 * The type of the points of a stream, as readers see them: images and lima2 frames are described by the stream's
 * info, plain streams by their encoding. Variable lengths are those of `pointShape`, when they are known.
 */
export function pointType(stream: StreamFacts): PointType {
  const described = stream.plugin === "lima" || stream.plugin === "lima2";
  const dtype = described ? namedDtype(stream.info.dtype) : encodedDtype(stream);
  const declared =
    (described ? undefined : lengths(stream.encoding.shape)) ?? lengths(stream.info.shape) ?? [];
  const known = stream.pointShape;
  const shape = declared.map((length, axis) => (length < 0 ? (known?.[axis] ?? -1) : length));
  return { dtype, shape };
}

/** Points published so far, as far as that is known. */
export function pointCount(stream: StreamFacts): number | undefined {
  if (stream.plugin === "lima" && stream.lastStatus) return stream.lastStatus.last_index + 1;
  return stream.length;
}

function encodedDtype(stream: StreamFacts): string | undefined {
  if (stream.encoding.type === "json") return undefined;
  const { dtype_str: dtype } = stream.encoding;
  return typeof dtype === "string" && numericType(dtype) ? dtype : namedDtype(stream.info.dtype);
}

function namedDtype(name: unknown): string | undefined {
  if (typeof name !== "string") return undefined;
  return numericType(name) ? name : dtypeOfName(name);
}

function lengths(value: unknown): number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.map((length) => {
    const number = jsonNumber(length);
    return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : -1;
  });
}
