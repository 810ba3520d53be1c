import { NdArray } from "../../ndarray/ndarray.js";
import { takeRaw } from "../../ndarray/take.js";
/** A value that the mapping itself holds. */
export function staticSource(array) {
    return {
        dtype: array.dtype,
        maxshape: array.shape,
        chunks: null,
        shape: async () => array.shape,
        read: async (ranges) => NdArray.fromRaw(takeRaw(array, ranges)),
    };
}
