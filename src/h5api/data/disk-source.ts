import type { DatasetDescription, Hdf5Reader } from "../../hdf5/reader-api.js";
import { NdArray } from "../../ndarray/ndarray.js";
import type { DataSource } from "./source.js";

/** A dataset of a file on disk as of the last look at it: when the file grows, it is described anew. */
export function diskSource(reader: Hdf5Reader, path: string, description: DatasetDescription): DataSource {
  return {
    dtype: description.dtype,
    maxshape: description.maxshape,
    chunks: description.chunks,
    async shape() {
      if (!description.virtualSources) return description.shape;
      // Its sources may have grown without it.
      const now = await reader.describe(path);
      return now?.kind === "dataset" ? now.shape : description.shape;
    },
    read: async (ranges, options = {}) => NdArray.fromRaw(await reader.read(path, ranges, options)),
  };
}
