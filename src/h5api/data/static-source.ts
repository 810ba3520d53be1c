import { NdArray } from "../../ndarray/ndarray.js";
import type { RawArray } from "../../ndarray/raw.js";
import type { AxisRange } from "../../ndarray/slice.js";
import { takeRaw } from "../../ndarray/take.js";
import type { DataSource } from "./source.js";

/** A value that the mapping itself holds. */
export function staticSource(array: RawArray): DataSource {
  return {
    dtype: array.dtype,
    maxshape: array.shape,
    chunks: null,
    shape: async () => array.shape,
    read: async (ranges: readonly AxisRange[]) => NdArray.fromRaw(takeRaw(array, ranges)),
  };
}
