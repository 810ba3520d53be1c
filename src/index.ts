export { ClosedError, InvalidArgumentError, isNxliveError, NxliveError, TimeoutError } from "./errors.js";
export * as mapping from "./mapping/builder/index.js";
export type { DType, Field } from "./ndarray/dtype.js";
export { NdArray } from "./ndarray/ndarray.js";
export type { RawArray } from "./ndarray/raw.js";
export { type AxisSelection, parseSelection, slice } from "./ndarray/slice.js";
