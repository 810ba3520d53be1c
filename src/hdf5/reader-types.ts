import { type DType, type Field, numericType } from "../ndarray/dtype.js";
import type { H5Type } from "./reader-library.js";

/** HDF5's type classes (H5T_class_t). */
const CLASS = {
  integer: 0,
  float: 1,
  string: 3,
  bitfield: 4,
  opaque: 5,
  compound: 6,
  reference: 7,
  enum: 8,
  vlen: 9,
  array: 10,
  complex: 11,
} as const;

/** How one element lies in memory after a read, and what it becomes. */
export type ElementType =
  | { readonly kind: "number"; readonly dtype: string; readonly size: number; readonly swap: number }
  | { readonly kind: "bool"; readonly size: number }
  | { readonly kind: "text"; readonly size: number }
  | { readonly kind: "fixed_text"; readonly size: number; readonly pad: number }
  | { readonly kind: "opaque"; readonly size: number }
  | { readonly kind: "reference"; readonly size: number; readonly object: boolean }
  | { readonly kind: "vlen"; readonly size: number; readonly base: ElementType }
  | {
      readonly kind: "array";
      readonly size: number;
      readonly base: ElementType;
      readonly shape: readonly number[];
    }
  | { readonly kind: "compound"; readonly size: number; readonly fields: readonly ElementField[] };

export interface ElementField {
  readonly name: string;
  readonly offset: number;
  readonly type: ElementType;
}

/** A type that HDF5 knows and this reader does not. */
export class UnreadableType extends Error {}

/**
 * The element type of h5wasm's type description. h5wasm reads in the file's own type, but in little-endian order when
 * all of it is big-endian; `swap` is the word size by which bytes must be reversed to be in the dtype's order again.
 */
export function elementType(type: H5Type): ElementType {
  const turned = orderOf(type) === "big" && type.type !== CLASS.enum;
  if (turned && type.type !== CLASS.enum && hasEnum(type))
    throw new UnreadableType("big-endian enum in a compound");
  return convert(type, turned);
}

type Order = "little" | "big" | "none" | "mixed";

/** As H5Tget_order. */
function orderOf(type: H5Type): Order {
  if (type.compound_type) {
    const orders = new Set(type.compound_type.members.map(orderOf).filter((order) => order !== "none"));
    if (orders.size === 0) return "none";
    const [only] = orders;
    return orders.size === 1 && only ? only : "mixed";
  }
  const base = type.array_type ?? type.vlen_type;
  if (base) return orderOf(base);
  if (type.littleEndian) return "little";
  const ordered: number[] = [CLASS.integer, CLASS.float, CLASS.bitfield, CLASS.enum, CLASS.complex];
  return ordered.includes(type.type) ? "big" : "none";
}

function hasEnum(type: H5Type): boolean {
  const inner = type.array_type ?? type.vlen_type;
  if (inner) return hasEnum(inner);
  return type.enum_type !== undefined || (type.compound_type?.members.some(hasEnum) ?? false);
}

function convert(type: H5Type, turned: boolean): ElementType {
  const { size } = type;
  switch (type.type) {
    case CLASS.integer:
    case CLASS.bitfield:
      return number(type.signed && type.type === CLASS.integer ? "i" : "u", type, turned);
    case CLASS.float:
      return number("f", type, turned);
    case CLASS.complex:
      return number("c", type, turned);
    case CLASS.enum:
      return isBool(type) ? { kind: "bool", size } : number(type.signed ? "i" : "u", type, turned);
    case CLASS.string:
      return type.vlen ? { kind: "text", size } : { kind: "fixed_text", size, pad: type.strpad ?? 0 };
    case CLASS.opaque:
      return { kind: "opaque", size };
    case CLASS.reference:
      if (size !== 8 && size !== 12) throw new UnreadableType(`references of ${size} bytes`);
      return { kind: "reference", size, object: type.ref_type === "object" };
    case CLASS.compound:
      return compound(type, turned);
    case CLASS.array:
      if (!type.array_type) break;
      return { kind: "array", size, base: convert(type.array_type, turned), shape: type.array_type.shape };
    case CLASS.vlen:
      if (!type.vlen_type) break;
      return { kind: "vlen", size, base: convert(type.vlen_type, turned) };
  }
  throw new UnreadableType(`HDF5 type class ${type.type}`);
}

const SIZES: Readonly<Record<string, readonly number[]>> = {
  i: [1, 2, 4, 8],
  u: [1, 2, 4, 8],
  f: [2, 4, 8, 16],
  c: [8, 16, 32],
};

function number(kind: "i" | "u" | "f" | "c", type: H5Type, turned: boolean): ElementType {
  const { size } = type;
  if (!SIZES[kind]?.includes(size)) throw new UnreadableType(`${kind}${size} numbers`);
  const part = kind === "c" ? size / 2 : size;
  const order = size === 1 ? "|" : type.littleEndian ? "<" : ">";
  return { kind: "number", dtype: `${order}${kind}${size}`, size, swap: order === ">" && turned ? part : 1 };
}

/** h5py's bool: the enum {FALSE = 0, TRUE = 1} over integers of any size. */
function isBool(type: H5Type): boolean {
  const members = type.enum_type?.members ?? {};
  return Object.keys(members).length === 2 && members.FALSE === 0 && members.TRUE === 1;
}

function compound(type: H5Type, turned: boolean): ElementType {
  const members = type.compound_type?.members ?? [];
  const fields = members.map((member) => ({
    name: member.name,
    offset: member.offset,
    type: convert(member, turned),
  }));
  return complexOf(fields, type.size) ?? { kind: "compound", size: type.size, fields };
}

/** h5py's complex numbers: the compound {r, i} of two equal floats, one after the other. */
function complexOf(fields: readonly ElementField[], size: number): ElementType | undefined {
  const [r, i] = fields;
  if (fields.length !== 2 || r?.name !== "r" || i?.name !== "i") return undefined;
  if (r.type.kind !== "number" || i.type.kind !== "number" || r.type.dtype !== i.type.dtype) return undefined;
  const order = r.type.dtype[0];
  if (r.type.dtype[1] !== "f" || r.type.size < 4 || size !== 2 * r.type.size || i.offset !== r.type.size)
    return undefined;
  return { kind: "number", dtype: `${order}c${size}`, size, swap: r.type.swap };
}

/** An array type at the outside becomes trailing axes; the element below it. */
export function splitArrayType(type: ElementType): { element: ElementType; inner: readonly number[] } {
  if (type.kind !== "array") return { element: type, inner: [] };
  const below = splitArrayType(type.base);
  return { element: below.element, inner: [...type.shape, ...below.inner] };
}

/** The dtype that users see. */
export function dtypeOf(type: ElementType): DType {
  switch (type.kind) {
    case "number":
      return type.dtype;
    case "bool":
      return "|b1";
    case "text":
    case "reference":
      return "str";
    case "fixed_text":
      return `|S${type.size}`;
    case "opaque":
      return `|V${type.size}`;
    case "vlen":
      return "json";
    case "array":
      return dtypeOf(splitArrayType(type).element);
    case "compound":
      return type.fields.map(fieldOf);
  }
}

function fieldOf(field: ElementField): Field {
  const { element, inner } = splitArrayType(field.type);
  return inner.length > 0 ? [field.name, dtypeOf(element), inner] : [field.name, dtypeOf(element)];
}

/** True for dtypes of elements that are numbers, or may hold some. */
export function hasNumbers(dtype: DType): boolean {
  return (
    typeof dtype !== "string" || dtype === "json" || (dtype !== "|b1" && numericType(dtype) !== undefined)
  );
}

/** The same elements, with bytes in the place of their numbers. */
export function numbersAsBytes(type: ElementType): ElementType {
  switch (type.kind) {
    case "number":
      return { kind: "opaque", size: type.size };
    case "array":
    case "vlen":
      return { ...type, base: numbersAsBytes(type.base) };
    case "compound":
      return {
        ...type,
        fields: type.fields.map((field) => ({ ...field, type: numbersAsBytes(field.type) })),
      };
    default:
      return type;
  }
}

/** True when a read allocates memory inside the library that must be given back. */
export function ownsMemory(type: ElementType): boolean {
  if (type.kind === "text" || type.kind === "vlen") return true;
  if (type.kind === "array") return ownsMemory(type.base);
  return type.kind === "compound" && type.fields.some((field) => ownsMemory(field.type));
}
