import { InvalidArgumentError } from "../../errors.js";
import { encodeDataspace } from "../format/dataspace.js";
import { hasText } from "../format/datatype.js";
import { encodeLayout } from "../format/layout.js";
import { encodeFill, MESSAGE } from "../format/messages.js";
import { encodeVirtualBlock } from "../format/virtual-block.js";
import type { Selection, VirtualDataset } from "../writer-api.js";
import { entry } from "./header-chunk.js";
import type { HeapWriter } from "./heap.js";
import { constant, type StoredObject } from "./object.js";

/** Refuses a virtual dataset that readers could not make sense of. */
export function checkVirtual({ dtype, shape, maxshape, sources }: VirtualDataset, path: string): void {
  if (hasText(dtype))
    throw new InvalidArgumentError(`${path}: virtual datasets hold numbers, not text.`, { path });
  if (shape.length === 0 || shape.length > 32 || (maxshape && maxshape.length !== shape.length)) {
    throw new InvalidArgumentError(
      `${path}: a virtual dataset has 1 to 32 dimensions, got shape [${shape}].`,
      { path },
    );
  }
  for (const { file, dataset, source, target } of sources) {
    if (file === "" || dataset === "" || `${file}${dataset}`.includes("\0")) {
      throw new InvalidArgumentError(`${path}: a source of a virtual dataset needs a file and a dataset.`, {
        path,
      });
    }
    const selected = [checkSelection(source, path), checkSelection(target, path)];
    if (target.start.length !== shape.length || selected[0] !== selected[1]) {
      throw new InvalidArgumentError(
        `${path}: the selection in ${file} (${selected[0]} elements) does not go with its target (${selected[1]} elements of shape [${shape}]).`,
        { path },
      );
    }
  }
}

/** Elements of a selection; infinite when a count is unlimited. */
function checkSelection({ start, stride, count, block }: Selection, path: string): number {
  const rank = start.length;
  const valid =
    rank > 0 &&
    [stride, count, block].every((list) => list.length === rank) &&
    [...start, ...stride, ...block, ...count].every(
      (value) => value === null || (Number.isSafeInteger(value) && value >= 0),
    ) &&
    stride.every((step, axis) => step >= Math.max(1, count[axis] === 1 ? 1 : (block[axis] ?? 1)));
  if (!valid)
    throw new InvalidArgumentError(
      `${path}: not a regular hyperslab: ${JSON.stringify({ start, stride, count, block })}.`,
      { path },
    );
  return count.reduce<number>(
    (size, n, axis) => size * (n ?? Number.POSITIVE_INFINITY) * (block[axis] ?? 1),
    1,
  );
}

/** Adds dataspace, fill value and the mappings to a new dataset. */
export function addVirtual(
  object: StoredObject,
  dataset: VirtualDataset,
  fill: Buffer | undefined,
  heap: HeapWriter,
): void {
  const { shape, maxshape, sources } = dataset;
  const { address, index } = heap.put(encodeVirtualBlock(sources));
  object.header.add(entry(MESSAGE.dataspace, encodeDataspace(maxshape ? { shape, maxshape } : { shape })));
  object.header.add(constant(MESSAGE.fill, encodeFill("late", fill)));
  object.header.add(entry(MESSAGE.layout, encodeLayout({ kind: "virtual", heap: address, object: index })));
}
