import { requireNumeric } from "../../ndarray/dtype.js";
import type { RawArray } from "../../ndarray/raw.js";
import { MappingError } from "../errors.js";

/** `i1`, `<u1` and the like as NumPy writes them: one-byte types have no byte order. */
export function canonicalDtype(dtype: string): string {
  const oneByte = /^[|<>=]?([iub]1)$/.exec(dtype);
  return oneByte ? `|${oneByte[1]}` : dtype;
}

/** Raw data in base64, in the byte order of the dtype. One length of the shape may be -1: it follows from the data. */
export function readBase64(dtypeText: string, text: string, shape: readonly number[] | null): RawArray {
  const dtype = canonicalDtype(dtypeText);
  const { itemsize } = requireNumeric(dtype);
  const data = decodeBase64(text);
  if (data.length % itemsize !== 0) {
    throw new MappingError(
      `${data.length} bytes of data are no whole number of ${dtype} elements (${itemsize} bytes each)`,
    );
  }
  const count = data.length / itemsize;
  return { dtype, shape: shape === null ? [count] : completeShape(shape, count, dtype), data };
}

function decodeBase64(text: string): Uint8Array {
  const compact = text.replace(/[ \t\r\n]/g, "");
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) {
    throw new MappingError("the value is no base64 text");
  }
  return new Uint8Array(Buffer.from(compact, "base64"));
}

function completeShape(shape: readonly number[], count: number, dtype: string): number[] {
  const open = shape.filter((length) => length === -1).length;
  if (open > 1) throw new MappingError(`the shape [${shape}] leaves more than one length open`);
  const known = shape.reduce((size, length) => (length === -1 ? size : size * length), 1);
  const length = known === 0 ? 0 : count / known;
  const complete = shape.map((value) => (value === -1 ? length : value));
  const fits = open === 1 ? known > 0 && Number.isInteger(length) : known === count;
  if (!fits) throw new MappingError(`${count} elements of ${dtype} do not fill the shape [${shape}]`);
  return complete;
}
