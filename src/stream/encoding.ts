import { encode as pack, decode as unpack } from "@msgpack/msgpack";
import { InvalidArgumentError, messageOf } from "../errors.js";
import { formatJson, parsePlainJson } from "../json-text.js";
import type { TypedArray } from "../ndarray/decode.js";
import { type DType, dtypeOfName, requireNumeric, sizeOfShape } from "../ndarray/dtype.js";
import { type ArrayInput, encodeArray, encodeTypedArray, isTypedArray } from "../ndarray/encode.js";
import type { RawArray } from "../ndarray/raw.js";
import { StreamFormatError } from "./errors.js";

/** Points as they go into one entry. */
export interface EncodedPoints {
  readonly payload: Uint8Array;
  readonly length: number;
}

/** How points become the payloads of entries and back. */
export interface Encoding {
  /** As in the scan document. */
  readonly description: Readonly<Record<string, unknown>>;
  readonly dtype: DType;
  /** Shape of one point, -1 where it varies. */
  readonly shape: readonly number[];
  /** Bytes of one point when all have the same. */
  readonly pointBytes?: number;
  /** One or several points; InvalidArgumentError for what does not fit. The payload may be the input's own memory. */
  encode(points: unknown): EncodedPoints;
  /** The points of an entry: shape (length, …point). */
  decode(payload: Uint8Array, length: number): RawArray;
}

/** The encoding of a new stream: `json`, or numbers of a dtype (`<f8`, or NumPy's name `float64`) and shape. */
export function createEncoding(dtype: DType, shape: readonly number[] = []): Encoding {
  if (dtype === "json") {
    if (shape.length > 0) throw new InvalidArgumentError(`A json stream has no shape, got [${shape}].`);
    return jsonEncoding;
  }
  const bad = shape.find((length) => !Number.isSafeInteger(length) || length < -1 || length === 0);
  if (bad !== undefined) {
    throw new InvalidArgumentError(
      `A point's shape has lengths from 1, or -1 where it varies: got [${shape}].`,
    );
  }
  return numericEncoding(dtype, shape);
}

function numericEncoding(dtype: DType, shape: readonly number[]): Encoding {
  const normal = typeof dtype === "string" ? (dtypeOfName(dtype) ?? dtype.replace("=", "<")) : dtype;
  const { kind, itemsize } = requireNumeric(normal);
  const name = itemsize === 1 ? `|${kind}1` : String(normal);
  return shape.includes(-1) ? varyingEncoding(name, shape) : fixedEncoding(name, shape);
}

/** The encoding that a scan document describes; unknown ones are a StreamFormatError. */
export function parseEncoding(description: unknown, stream: string): Encoding {
  const { type, dtype_str: dtype, shape = [] } = (description ?? {}) as Record<string, unknown>;
  try {
    if (type === "json") return jsonEncoding;
    if (type === "numeric" && typeof dtype === "string" && isShape(shape))
      return numericEncoding(dtype, shape);
  } catch (cause) {
    throw new StreamFormatError(`Stream "${stream}": ${messageOf(cause)}`, { stream, cause });
  }
  const text = formatJson(description).slice(0, 200);
  throw new StreamFormatError(`Stream "${stream}" has an unknown encoding: ${text}.`, { stream });
}

/** Lengths of axes, -1 where they vary. Points may have no elements (a detector without regions): their streams stay empty. */
function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= -1);
}

const jsonEncoding: Encoding = {
  description: { type: "json" },
  dtype: "json",
  shape: [],
  encode: (value) => ({ payload: Buffer.from(jsonOf(value)), length: 1 }),
  decode: (payload, length) => {
    requireLength(length, 1, "JSON text");
    try {
      return { dtype: "json", shape: [1], data: [parsePlainJson(Buffer.from(payload).toString())] };
    } catch (cause) {
      throw new StreamFormatError(`An entry is not JSON: ${messageOf(cause)}`, { cause });
    }
  },
};

function jsonOf(value: unknown): string {
  try {
    return formatJson(value);
  } catch (cause) {
    const [reason = ""] = messageOf(cause).split("\n"); // of a circle, each step is told
    throw new InvalidArgumentError(`A value without a JSON form: ${reason}.`, { cause });
  }
}

function fixedEncoding(dtype: string, shape: readonly number[]): Encoding {
  const pointBytes = sizeOfShape(shape) * requireNumeric(dtype).itemsize;
  return {
    description: { type: "numeric", dtype_str: dtype, shape },
    dtype,
    shape,
    pointBytes,
    encode(input) {
      const { bytes, shape: given } = encodeInput(input, dtype, shape);
      return { payload: bytes, length: given[0] ?? 1 };
    },
    decode(payload, length) {
      if (pointBytes === 0)
        throw new StreamFormatError(`An entry has points of shape [${shape}], which hold nothing.`);
      requireLength(payload.byteLength, length * pointBytes, "bytes");
      return { dtype, shape: [length, ...shape], data: payload };
    },
  };
}

/** Points of varying shape: MessagePack of [shape of one point, bytes]; the points of one entry share their shape. */
function varyingEncoding(dtype: string, shape: readonly number[]): Encoding {
  const { itemsize } = requireNumeric(dtype);
  return {
    description: { type: "numeric", dtype_str: dtype, shape },
    dtype,
    shape,
    encode(input) {
      const { bytes, shape: given } = encodeInput(input, dtype, shape);
      return { payload: pack([given.slice(1), bytes]), length: given[0] ?? 1 };
    },
    decode(payload, length) {
      const [point, bytes] = unpackPoints(payload);
      if (point.length !== shape.length || point.some((n, axis) => shape[axis] !== -1 && shape[axis] !== n)) {
        throw new StreamFormatError(`An entry has points of shape [${point}], the stream has [${shape}].`);
      }
      requireLength(bytes.byteLength, length * sizeOfShape(point) * itemsize, "bytes");
      return { dtype, shape: [length, ...point], data: bytes };
    },
  };
}

function unpackPoints(payload: Uint8Array): [number[], Uint8Array] {
  let unpacked: unknown;
  try {
    unpacked = unpack(payload);
  } catch (cause) {
    throw new StreamFormatError(`An entry is not MessagePack: ${messageOf(cause)}`, { cause });
  }
  const [shape, bytes] = Array.isArray(unpacked) ? unpacked : [];
  const natural = isShape(shape) && shape.every((n) => n >= 0);
  if (!natural || !(bytes instanceof Uint8Array)) {
    throw new StreamFormatError("An entry of varying shape must hold [shape, bytes].");
  }
  return [shape, bytes];
}

function requireLength(found: number, expected: number, what: string): void {
  if (found !== expected)
    throw new StreamFormatError(`An entry has ${found} ${what} where ${expected} are due.`);
}

/** The bytes of one or several points, and their shape with the number of points in front. */
function encodeInput(
  input: unknown,
  dtype: string,
  point: readonly number[],
): { bytes: Uint8Array; shape: number[] } {
  const { bytes, shape } = isRaw(input)
    ? rawInput(input, dtype)
    : arrayInput(input as ArrayInput, dtype, point);
  const full = shape.length === point.length ? [1, ...shape] : shape;
  const fits = full.length === point.length + 1 && point.every((n, axis) => n === -1 || n === full[axis + 1]);
  if (!fits) {
    throw new InvalidArgumentError(
      `Expected one point of shape [${point}] or several of shape [${["n", ...point]}], got shape [${shape}].`,
    );
  }
  if (bytes.byteLength === 0)
    throw new InvalidArgumentError(`Nothing to send: shape [${shape}] holds no values.`);
  return { bytes, shape: full };
}

function arrayInput(
  input: ArrayInput,
  dtype: string,
  point: readonly number[],
): { bytes: Uint8Array; shape: number[] } {
  if (!isTypedArray(input)) return encodeArray(input, dtype);
  const bytes = encodeTypedArray(input, dtype);
  return { bytes, shape: shapeOfFlat(input, bytes.byteLength / requireNumeric(dtype).itemsize, point) };
}

/** A flat typed array holds whole points; with one free axis it is one point. */
function shapeOfFlat(input: TypedArray, count: number, point: readonly number[]): number[] {
  const free = point.filter((n) => n === -1).length;
  if (free > 1) {
    throw new InvalidArgumentError(
      `Points of shape [${point}] need an NdArray or nested arrays, not a flat one.`,
    );
  }
  const size = sizeOfShape(point.map((n) => (n === -1 ? 1 : n)));
  if (count % size !== 0) {
    throw new InvalidArgumentError(
      `${input.constructor.name} of ${count} values does not hold whole points of shape [${point}].`,
    );
  }
  return free === 1 ? point.map((n) => (n === -1 ? count / size : n)) : [count / size, ...point];
}

/** Bytes of the stream's own dtype, for numbers that JavaScript cannot hold (long doubles). */
function isRaw(input: unknown): input is RawArray & { data: Uint8Array; shape: readonly number[] } {
  if (typeof input !== "object" || input === null || "ndim" in input) return false;
  const { dtype, shape, data } = input as Partial<RawArray>;
  return dtype !== undefined && Array.isArray(shape) && data instanceof Uint8Array;
}

function rawInput(
  input: RawArray & { data: Uint8Array; shape: readonly number[] },
  dtype: string,
): { bytes: Uint8Array; shape: number[] } {
  if (input.dtype !== dtype) {
    throw new InvalidArgumentError(`Raw ${String(input.dtype)} data sent into a stream of ${dtype}.`);
  }
  const due = sizeOfShape(input.shape) * requireNumeric(dtype).itemsize;
  if (input.data.byteLength !== due) {
    throw new InvalidArgumentError(
      `${dtype} of shape [${input.shape}] needs ${due} bytes, got ${input.data.byteLength}.`,
    );
  }
  return { bytes: input.data, shape: [...input.shape] };
}
