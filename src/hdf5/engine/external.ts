import { InvalidArgumentError } from "../../errors.js";
import { sizeOfShape } from "../../ndarray/dtype.js";
import { encodeDataspace } from "../format/dataspace.js";
import { hasText, storedSize } from "../format/datatype.js";
import { encodeExternalFiles, encodeNames } from "../format/external-files.js";
import { encodeLayout } from "../format/layout.js";
import { encodeFill, MESSAGE } from "../format/messages.js";
import type { ExternalDataset } from "../writer-api.js";
import { entry } from "./header-chunk.js";
import { constant, type StoredObject } from "./object.js";
import type { Space } from "./storage.js";

/** Refuses raw files that cannot hold the dataset; only the last may reach to its end. */
export function checkExternal({ dtype, shape, files }: ExternalDataset, path: string): void {
  if (hasText(dtype) || shape.length > 32) {
    throw new InvalidArgumentError(`${path}: raw files hold numbers in up to 32 dimensions.`, { path });
  }
  if (files.length === 0 || files.length > 2000) {
    throw new InvalidArgumentError(
      `${path}: a dataset in raw files needs 1 to 2000 files, got ${files.length}.`,
      { path },
    );
  }
  for (const [i, { name, offset, size }] of files.entries()) {
    const open = size === null && i === files.length - 1;
    const valid = name !== "" && !name.includes("\0") && Number.isSafeInteger(offset) && offset >= 0;
    if (!valid || !(open || (Number.isSafeInteger(size) && (size ?? 0) > 0))) {
      throw new InvalidArgumentError(
        `${path}: raw file ${JSON.stringify(name)} (offset ${offset}, size ${size}): only the last file may have an open end.`,
        { path },
      );
    }
  }
  const need = sizeOfShape(shape) * storedSize(dtype);
  const have = files.reduce((sum, { size }) => sum + (size ?? Number.POSITIVE_INFINITY), 0);
  if (have < need) {
    throw new InvalidArgumentError(
      `${path}: the raw files hold ${have} bytes, shape [${shape}] needs ${need}.`,
      { path },
    );
  }
}

/** Adds dataspace, fill value and the list of files to a new dataset; nothing is copied. */
export function addExternalFiles(object: StoredObject, dataset: ExternalDataset, space: Space): void {
  const { dtype, shape, files } = dataset;
  const { length } = encodeNames(files, 0).bytes;
  const heap = space.allocator.allocate(length);
  const { bytes, offsets } = encodeNames(files, heap);
  void space.writes.submit({ address: heap, bytes });
  object.header.add(entry(MESSAGE.dataspace, encodeDataspace({ shape })));
  object.header.add(constant(MESSAGE.fill, encodeFill("late", undefined)));
  object.header.add(entry(MESSAGE.externalFiles, encodeExternalFiles(files, heap, offsets)));
  const size = sizeOfShape(shape) * storedSize(dtype);
  object.header.add(entry(MESSAGE.layout, encodeLayout({ kind: "contiguous", address: undefined, size })));
}
