import { findPlainDataset, type PlainDataset } from "./plain/dataset.js";
import type { PlainFile } from "./plain/file.js";
import type { OpenFile } from "./reader-handle.js";
import type { H5Metadata } from "./reader-library.js";
import type { ElementType } from "./reader-types.js";

/** A dataset that can be read without the library, which is several times as fast. */
export interface Plain {
  readonly file: PlainFile;
  readonly dataset: PlainDataset;
}

/** Whether a dataset (of this file itself, not a virtual one) is plain; undefined: the library has to read it. */
export async function findPlain(
  open: OpenFile,
  path: string,
  metadata: H5Metadata,
  type: ElementType,
): Promise<Plain | undefined> {
  const { shape, chunks } = metadata;
  if (!shape || type.kind !== "number") return undefined;
  try {
    // An old-style reference is the address of the object's header.
    const reference = Buffer.from(open.library.create_object_reference(open.id, path));
    open.check(path);
    const file = open.plain();
    const address = Number(reference.readBigUInt64LE());
    const dataset = file && (await findPlainDataset(file, address, { dtype: type.dtype, shape, chunks }));
    return dataset && { file, dataset };
  } catch {
    return undefined; // whatever is odd about the file: the library knows better
  }
}
