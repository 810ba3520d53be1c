import { InvalidArgumentError, messageOf } from "../../errors.js";
import { type DType, sizeOfShape } from "../../ndarray/dtype.js";
import type { RawArray } from "../../ndarray/raw.js";
import { LimitError } from "../errors.js";
import { encodeAttribute } from "../format/attribute.js";
import { encodeDataspace } from "../format/dataspace.js";
import { encodeDatatype, hasText, storedSize } from "../format/datatype.js";
import { encodeLayout } from "../format/layout.js";
import { encodeFill, MESSAGE } from "../format/messages.js";
import type { AttributeList } from "../writer-api.js";
import { checkElements, encodeElements, type PutText } from "./elements.js";
import { entry } from "./header-chunk.js";
import { constant, MESSAGE_MAX, StoredObject } from "./object.js";

/** Refuses attributes that could not be stored, before anything is changed. */
export function checkAttributes(attributes: AttributeList | undefined, path: string): void {
  for (const [name, value] of attributes ?? []) checkAttribute(name, value, path);
}

/** The attributes that can be stored, and why each other one is refused. */
export function storableAttributes(
  attributes: AttributeList,
  path: string,
): { storable: AttributeList; refused: string[] } {
  const storable = new Map<string, RawArray>();
  const refused: string[] = [];
  for (const [name, value] of attributes) {
    try {
      checkAttribute(name, value, path);
      storable.set(name, value);
    } catch (error) {
      refused.push(messageOf(error));
    }
  }
  return { storable, refused };
}

/** Refuses an attribute that could not be stored. */
function checkAttribute(name: string, value: RawArray, path: string): void {
  if (name === "" || name.includes("\0")) {
    throw new InvalidArgumentError(`${path}: ${JSON.stringify(name)} cannot be the name of an attribute.`, {
      path,
    });
  }
  checkElements(value, `${path}@${name}`);
  const size = sizeOfShape(value.shape ?? []) * storedSize(value.dtype) + Buffer.byteLength(name) + 1000;
  if (size > MESSAGE_MAX) {
    throw new LimitError(
      `${path}: the attribute "${name}" takes about ${size} bytes; HDF5 attributes hold at most 64 KiB. Store it as a dataset.`,
      { path },
    );
  }
}

/** The message of an attribute; its texts go into the heap. */
export function attributeBody(name: string, value: RawArray, putText: PutText, path: string): Buffer {
  return encodeAttribute({
    name,
    datatype: encodeDatatype(value.dtype),
    dataspace: encodeDataspace({ shape: value.shape }),
    data: encodeElements(value, putText, `${path}@${name}`),
  });
}

/** A new dataset's header with its datatype and attributes; space and layout are added by the caller. */
export function newDataset(
  dtype: DType,
  attributes: AttributeList | undefined,
  putText: PutText,
  path: string,
): StoredObject {
  const object = new StoredObject("dataset");
  object.header.add(constant(MESSAGE.datatype, encodeDatatype(dtype)));
  object.addAttributeInfo();
  for (const [name, value] of attributes ?? [])
    object.setAttribute(name, attributeBody(name, value, putText, path));
  return object;
}

/** Adds what a dataset in one block needs; `address` undefined: nothing is stored. */
export function addContiguous(
  object: StoredObject,
  shape: readonly number[] | null,
  fill: Buffer | undefined,
  address: number | undefined,
  size: number,
): void {
  object.header.add(entry(MESSAGE.dataspace, encodeDataspace({ shape })));
  object.header.add(constant(MESSAGE.fill, encodeFill("late", fill)));
  object.header.add(entry(MESSAGE.layout, encodeLayout({ kind: "contiguous", address, size })));
}

/** The bytes of a fill value: one scalar of the dataset's dtype. */
export function fillBytes(fill: RawArray | undefined, dtype: DType, path: string): Buffer | undefined {
  if (!fill) return undefined;
  const same = JSON.stringify(fill.dtype) === JSON.stringify(dtype);
  if (!same || fill.shape === null || sizeOfShape(fill.shape) !== 1 || hasText(dtype)) {
    throw new InvalidArgumentError(
      `${path}: a fill value is one number of the dataset's dtype ${JSON.stringify(dtype)}.`,
      {
        path,
      },
    );
  }
  checkElements(fill, path);
  return encodeElements(fill, () => Buffer.alloc(16), path);
}
