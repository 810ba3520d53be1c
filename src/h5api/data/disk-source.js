import { NdArray } from "../../ndarray/ndarray.js";
/** A dataset of a file on disk. Its extent is asked for anew each time: the file may still grow. */
export function diskSource(reader, path, description) {
    return {
        dtype: description.dtype,
        maxshape: description.maxshape,
        chunks: description.chunks,
        async shape() {
            await reader.refresh();
            const now = await reader.describe(path);
            return now?.kind === "dataset" ? now.shape : description.shape;
        },
        read: async (ranges, options = {}) => NdArray.fromRaw(await reader.read(path, ranges, options)),
    };
}
