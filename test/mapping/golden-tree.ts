import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { DType } from "../../src/ndarray/dtype.js";
import { numericType, sizeOfShape } from "../../src/ndarray/dtype.js";
import { NdArray } from "../../src/ndarray/ndarray.js";
import type { RawArray } from "../../src/ndarray/raw.js";

/** An item of a capture's `tree.json`: what the real writer's file holds (see fixtures/README.md). */
export interface GoldenNode {
  readonly kind: "group" | "dataset" | "soft_link" | "external_link";
  readonly attrs?: readonly GoldenArray[];
  readonly children?: Readonly<Record<string, GoldenNode>>;
  readonly target?: string;
  readonly file?: string;
  readonly path?: string;
  readonly dtype?: unknown;
  readonly shape?: readonly number[] | null;
  readonly value?: unknown;
  readonly sha256?: string;
  readonly external?: readonly (readonly [string, number, number])[];
  readonly virtual?: unknown;
}

export interface GoldenArray {
  readonly name: string;
  readonly dtype?: unknown;
  readonly shape?: readonly number[] | null;
  readonly value?: unknown;
  readonly sha256?: string;
  readonly volatile?: boolean;
}

/** The files of a capture: name below the case's prefix → root. */
export function goldenTree(folder: "h5maps" | "scan-info", name: string): Record<string, GoldenNode> {
  const file = new URL(`../../fixtures/${folder}/${name}/tree.json`, import.meta.url);
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, GoldenNode>;
}

/** An array in the words of `tree.json`: dtype, shape, and the value or (beyond 64 elements) its SHA-256. */
export function goldenArray(array: RawArray): {
  dtype: unknown;
  shape: unknown;
  value?: unknown;
  sha256?: string;
} {
  const described = { dtype: goldenDtype(array.dtype), shape: array.shape };
  if (array.shape === null) return described;
  if (sizeOfShape(array.shape) <= 64) return { ...described, value: nested(array, array.shape) };
  const type = numericType(array.dtype);
  if (!type || type.bigEndian || !(array.data instanceof Uint8Array)) {
    throw new Error(`no digest for ${JSON.stringify(array.dtype)}`);
  }
  return { ...described, sha256: createHash("sha256").update(array.data).digest("hex") };
}

export function goldenDtype(dtype: DType): unknown {
  if (dtype === "str") return "string[vlen,utf-8]";
  if (typeof dtype === "string") return dtype;
  return Object.fromEntries(dtype.map(([name, field]) => [name, goldenDtype(field)]));
}

function nested(array: RawArray, shape: readonly number[], offset = 0): unknown {
  const [length, ...rest] = shape;
  if (length === undefined) return element(array, offset);
  const step = sizeOfShape(rest);
  return Array.from({ length }, (_, i) => nested(array, rest, offset + i * step));
}

function element(array: RawArray, index: number): unknown {
  if (typeof array.dtype !== "string") {
    const columns = array.data as readonly RawArray[];
    return Object.fromEntries(array.dtype.map(([name], i) => [name, element(columns[i] as RawArray, index)]));
  }
  const value = NdArray.fromRaw(array).flat(index);
  const wide = array.dtype === "<f16" || array.dtype === "<c32";
  if (Array.isArray(value)) return value.map((part) => plain(part, wide));
  return plain(value, wide);
}

function plain(value: unknown, wide: boolean): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value !== "number") return value;
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (wide) return value.toPrecision(20).replace(/(\.\d+?)0*$/, "$1");
  return value;
}
