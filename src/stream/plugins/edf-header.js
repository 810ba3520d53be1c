import { numericType, sizeOfShape } from "../../ndarray/dtype.js";
import { DataFileError, FileFormatError } from "./errors.js";

/** Kinds and sizes of EDF's data types; `Long` is 32 bits on disk. */
const DATA_TYPES = {
  SIGNEDBYTE: "i1",
  SIGNED8: "i1",
  UNSIGNEDBYTE: "u1",
  UNSIGNED8: "u1",
  SIGNEDSHORT: "i2",
  SIGNED16: "i2",
  UNSIGNEDSHORT: "u2",
  UNSIGNED16: "u2",
  UNSIGNEDSHORTINTEGER: "u2",
  SIGNEDINTEGER: "i4",
  SIGNEDLONG: "i4",
  SIGNED32: "i4",
  UNSIGNEDINTEGER: "u4",
  UNSIGNEDLONG: "u4",
  UNSIGNED32: "u4",
  SIGNED64: "i8",
  UNSIGNED64: "u8",
  FLOAT: "f4",
  FLOATVALUE: "f4",
  FLOAT32: "f4",
  FLOATIEEE32: "f4",
  DOUBLE: "f8",
  DOUBLEVALUE: "f8",
  FLOATIEEE64: "f8",
  DOUBLEIEEE64: "f8",
};
/** The header that starts at the beginning of `text`, or undefined when `text` ends before the header does. */
export function parseEdfHeader(text, path) {
  const start = /^\s*\{/.exec(text);
  if (!start) {
    if (/^\s*$/.test(text)) return undefined;
    throw new DataFileError(`"${path}" is no EDF file: a header should begin with "{".`, { path });
  }
  const end = /\}\r?\n/.exec(text);
  if (!end) return undefined;
  const fields = parseFields(text.slice(start[0].length, end.index));
  const textLength = end.index + end[0].length;
  const stored = integerField(fields, "EDF_BINARYSIZE", path) ?? integerField(fields, "SIZE", path);
  if (fields.has("EDF_DATAFORMATVERSION")) {
    return { fields, textLength, binaryLength: stored ?? 0, image: null };
  }
  refuseOtherStorage(fields, path);
  const shape = imageShape(fields, path);
  const dtype = imageType(fields, path);
  const needed = sizeOfShape(shape) * (numericType(dtype)?.itemsize ?? 1);
  if (stored !== undefined && stored < needed) {
    throw new DataFileError(
      `The EDF file "${path}" says that ${stored} bytes hold an image of ${dtype} of shape [${shape}]: it needs ${needed}.`,
      { path },
    );
  }
  return { fields, textLength, binaryLength: stored ?? needed, image: { dtype, shape } };
}
function parseFields(text) {
  const fields = new Map();
  for (const line of text.split(";")) {
    const equal = line.indexOf("=");
    if (equal < 0) continue;
    const name = trim(line.slice(0, equal)).toUpperCase();
    if (!fields.has(name)) fields.set(name, trim(line.slice(equal + 1)));
  }
  return fields;
}
/** Old writers pad with NUL characters. */
function trim(text) {
  return text.replace(/^[\s\0]+|[\s\0]+$/g, "");
}
function refuseOtherStorage(fields, path) {
  const compression = fields.get("COMPRESSION") ?? "none";
  if (!/^no/i.test(compression)) {
    throw new FileFormatError(
      `The EDF file "${path}" is compressed (${compression}): only raw images can be read.`,
      { path },
    );
  }
  const binary = fields.get("EDF_BINARYFILENAME");
  if (binary !== undefined) {
    throw new FileFormatError(
      `The EDF file "${path}" keeps its images in another file ("${binary}"), which is not supported.`,
      { path },
    );
  }
}
function imageShape(fields, path) {
  const shape = [];
  for (let axis = 1; fields.has(`DIM_${axis}`); axis++) {
    shape.unshift(integerField(fields, `DIM_${axis}`, path) ?? 0);
  }
  if (shape.length === 0)
    throw new DataFileError(`The EDF file "${path}" has a header without Dim_1.`, { path });
  return shape;
}
function imageType(fields, path) {
  const name = fields.get("DATATYPE") ?? "";
  const type = DATA_TYPES[name.toUpperCase()];
  if (!type)
    throw new FileFormatError(`The EDF file "${path}" has the unknown DataType "${name}".`, { path });
  if (type.endsWith("1")) return `|${type}`;
  const order = fields.get("BYTEORDER") ?? "LowByteFirst";
  if (/^low/i.test(order)) return `<${type}`;
  if (/^high/i.test(order)) return `>${type}`;
  throw new FileFormatError(`The EDF file "${path}" has the unknown ByteOrder "${order}".`, { path });
}
function integerField(fields, name, path) {
  const text = fields.get(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text === "" || !Number.isSafeInteger(value) || value < 0) {
    throw new DataFileError(
      `The EDF file "${path}" has a header field ${name} = "${text}": expected an integer ≥ 0.`,
      {
        path,
      },
    );
  }
  return value;
}
