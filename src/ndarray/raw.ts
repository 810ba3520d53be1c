import type { DType } from "./dtype.js";

/**
 * An array as it lies in Redis or in a file: the form in which data travel between the layers without being decoded.
 * C order. `shape` is `[]` for scalars, `null` for the null dataspace (h5py's Empty).
 *
 * `data` by dtype: numbers: the bytes, in the dtype's byte order; text: strings; `json`: the values;
 * compounds: one RawArray per field, in the dtype's order, each of this shape followed by the field's own shape.
 */
export interface RawArray {
  readonly dtype: DType;
  readonly shape: readonly number[] | null;
  readonly data: Uint8Array | readonly string[] | readonly RawArray[] | readonly unknown[];
}
