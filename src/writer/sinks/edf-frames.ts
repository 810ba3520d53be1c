import type { ExternalDataset } from "../../hdf5/writer-api.js";
import { type DType, sizeOfShape } from "../../ndarray/dtype.js";
import { EdfFile } from "../../stream/plugins/edf.js";
import type { ImageRun } from "../../stream/plugins/lima-files.js";

/**
 * The images of raw EDF files as HDF5's external storage: each frame's bytes where they lie, behind their text header.
 * Undefined when that is not possible: another format, a compressed or missing file, frames that differ from the
 * stream's dtype or shape. HDF5 looks relative names up in the reader's working folder, so the names are absolute.
 */
export async function edfFrames(
  stream: { readonly dtype: DType; readonly shape: readonly number[] },
  runs: readonly ImageRun[],
): Promise<ExternalDataset | undefined> {
  try {
    const files: ExternalDataset["files"][number][] = [];
    let found: { dtype: string; shape: readonly number[] } | undefined;
    for (const run of runs) {
      await using file = await EdfFile.open(run.file);
      for (let i = 0; i < run.count; i++) {
        const frame = await file.frame(run.index + i);
        found ??= frame;
        const alike = frame.dtype === found.dtype && String(frame.shape) === String(found.shape);
        if (!alike || !fits(frame, stream)) return undefined;
        files.push({ name: run.file, offset: frame.offset, size: frame.byteLength });
      }
    }
    return found && { dtype: found.dtype, shape: [files.length, ...found.shape], files };
  } catch {
    return undefined; // the list of file::index texts says where the images are, whatever their format
  }
}

function fits(
  frame: { readonly dtype: string; readonly shape: readonly number[] },
  stream: { readonly dtype: DType; readonly shape: readonly number[] },
): boolean {
  const kind = (dtype: DType) => (typeof dtype === "string" ? dtype.slice(1) : "");
  const sameShape =
    frame.shape.length === stream.shape.length &&
    stream.shape.every((length, axis) => length === -1 || length === frame.shape[axis]);
  return kind(frame.dtype) === kind(stream.dtype) && sameShape && sizeOfShape(frame.shape) > 0;
}
