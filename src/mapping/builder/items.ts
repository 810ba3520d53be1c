import { InvalidArgumentError, messageOf } from "../../errors.js";
import { isJsonObject } from "../../json.js";
import { numericType } from "../../ndarray/dtype.js";
import type {
  DataItem,
  H5Attributes,
  H5Dataset,
  H5ExternalBinaryDataset,
  H5ExternalLink,
  H5Group,
  H5Item,
  H5SoftLink,
  H5SpaceSelection,
  H5VirtualDataset,
  StreamValue,
} from "../generated/h5maps.js";
import { elementsOfName, requireAttributeName } from "../paths.js";
import { toDataItem, type ValueInput } from "./values.js";

/** Attributes by name; undefined ones are left out. */
export type AttributesInput = Readonly<Record<string, ValueInput | undefined>>;

/** What the names in a group stand for: items made by this builder, or values (datasets without attributes). */
export type ChildInput =
  | ValueInput
  | H5Group
  | H5Dataset
  | H5SoftLink
  | H5ExternalLink
  | H5ExternalBinaryDataset
  | H5VirtualDataset
  | StreamValue;

/** The items of a group by name; undefined ones are left out. */
export type ChildrenInput = Readonly<Record<string, ChildInput | undefined>>;

/** The root of a file: an NXroot that holds entries such as `12.1`. */
export function root(children: ChildrenInput, attributes?: AttributesInput): H5Group {
  return group("NXroot", children, attributes);
}

/** An NXentry: one scan, or one part of it. */
export function entry(children: ChildrenInput, attributes?: AttributesInput): H5Group {
  return group("NXentry", children, attributes);
}

/** A group, with its NeXus class (`NXdetector`, `NXdata`, …) or without. */
export function group(nxClass?: string, children?: ChildrenInput, attributes?: AttributesInput): H5Group;
export function group(children: ChildrenInput, attributes?: AttributesInput): H5Group;
export function group(...args: readonly (string | ChildrenInput | AttributesInput | undefined)[]): H5Group {
  const [first] = args;
  const nxClass = typeof first === "string" ? first : undefined;
  const [children, attributes] = (typeof first === "object" ? args : args.slice(1)) as [
    ChildrenInput?,
    AttributesInput?,
  ];
  const item: H5Group = { type: "group" };
  const all = toAttributes({ ...(nxClass === undefined ? {} : { NX_class: nxClass }), ...attributes });
  if (all) item.attributes = all;
  item.children = toChildren(children ?? {});
  return item;
}

/** A dataset whose value is known now. */
export function dataset(value: ValueInput, attributes: AttributesInput = {}): H5Dataset {
  return withAttributes({ type: "dataset" as const, value: toDataItem(value) }, attributes);
}

/** A dataset that holds the data of a stream of the scan. */
export function stream(name: string, attributes: AttributesInput = {}): H5Dataset {
  return withAttributes(
    { type: "dataset", value: { type: "stream", stream: requireText(name, "stream name") } },
    attributes,
  );
}

/** A link within the file; the target is absolute, or relative to the group that holds the link. */
export function softLink(target: string): H5SoftLink {
  return { type: "soft_link", target_path: requireText(target, "link target") };
}

/** A link to an item of another file; the file name is absolute, or relative to the folder of this file. */
export function externalLink(file: string, path: string): H5ExternalLink {
  return {
    type: "external_link",
    target_file: requireText(file, "file name"),
    target_path: requireText(path, "path"),
  };
}

/** A dataset whose bytes lie in raw files, one after the other; without `size`: to the end of the file. */
export function externalBinary(
  options: {
    /** Array-interface string, such as `<u2`. */
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly files: readonly {
      readonly name: string;
      readonly offset?: number;
      readonly size?: number | null;
    }[];
  },
  attributes: AttributesInput = {},
): H5ExternalBinaryDataset {
  if (options.files.length === 0)
    throw new InvalidArgumentError("An external binary dataset needs at least one file.");
  const files = options.files.map(({ name, offset = 0, size = null }) => ({
    name: requireText(name, "file name"),
    offset: requireLength(offset, "offset"),
    size: size === null ? null : requireLength(size, "size"),
  }));
  const { dtype, shape } = requireType(options);
  return withAttributes({ type: "external_binary_dataset", dtype, shape, files }, attributes);
}

/** One part of a virtual dataset: `from` a hyperslab of a dataset `to` a hyperslab of the virtual one. */
export interface VirtualPart {
  /** The file of the source, `.` (default) for this one. */
  readonly file?: string;
  readonly dataset: string;
  readonly from: SpaceInput;
  readonly to: SpaceInput;
}

/** A hyperslab; stride and block default to ones. */
export interface SpaceInput {
  readonly start: readonly number[];
  readonly count: readonly number[];
  readonly stride?: readonly number[];
  readonly block?: readonly number[];
}

/** A dataset composed of parts of other datasets. */
export function virtual(
  options: {
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly sources: readonly VirtualPart[];
  },
  attributes: AttributesInput = {},
): H5VirtualDataset {
  if (options.sources.length === 0)
    throw new InvalidArgumentError("A virtual dataset needs at least one source.");
  const { dtype, shape } = requireType(options);
  const virtual_sources = options.sources.map(({ file = ".", dataset: path, from, to }) => ({
    vspace: toSpace(to, shape.length),
    src_file: requireText(file, "file name"),
    src_dataset: requireText(path, "path"),
    src_space: toSpace(from),
  }));
  return withAttributes({ type: "virtual_dataset", dtype, shape, virtual_sources }, attributes);
}

function withAttributes<T extends object>(
  item: T,
  attributes: AttributesInput,
): T & { attributes?: H5Attributes } {
  const all = toAttributes(attributes);
  return all ? { ...item, attributes: all } : item;
}

function toAttributes(attributes: AttributesInput): H5Attributes | undefined {
  const entries = Object.entries(attributes).flatMap(([name, value]): [string, DataItem][] => {
    if (value === undefined) return [];
    return [
      [
        name,
        named(`attribute ${JSON.stringify(name)}`, () => {
          requireAttributeName(name);
          return toDataItem(value);
        }),
      ],
    ];
  });
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

function toChildren(children: ChildrenInput): { [name: string]: H5Item } {
  return Object.fromEntries(
    Object.entries(children).flatMap(([name, child]): [string, H5Item][] => {
      if (child === undefined) return [];
      return [
        [
          name,
          named(JSON.stringify(name), () => {
            elementsOfName(name);
            return isItem(child) ? child : toDataItem(child);
          }),
        ],
      ];
    }),
  );
}

const ITEM_TYPES = new Set([
  "group",
  "dataset",
  "soft_link",
  "external_link",
  "external_binary_dataset",
  "virtual_dataset",
  "stream",
]);

function isItem(child: ChildInput): child is Exclude<ChildInput, ValueInput> {
  return isJsonObject(child) && ITEM_TYPES.has(String(child.type));
}

/** Errors say which child or attribute they are about. */
function named<T>(what: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new InvalidArgumentError(`${what}: ${messageOf(error)}`, { cause: error });
  }
}

function requireType(options: { readonly dtype: string; readonly shape: readonly number[] }): {
  dtype: string;
  shape: number[];
} {
  if (!numericType(options.dtype)) {
    throw new InvalidArgumentError(
      `Unknown dtype ${JSON.stringify(options.dtype)}: expected a form such as "<f8".`,
    );
  }
  return { dtype: options.dtype, shape: options.shape.map((length) => requireLength(length, "length")) };
}

function toSpace(space: SpaceInput, rank = space.start.length): H5SpaceSelection {
  const check = (list: readonly number[]) => {
    if (list.length !== rank) {
      throw new InvalidArgumentError(
        `A selection of [${list}] has ${list.length} dimensions, expected ${rank}.`,
      );
    }
    return list.map((value) => requireLength(value, "selection"));
  };
  return {
    start: check(space.start),
    count: check(space.count),
    ...(space.stride && { stride: check(space.stride) }),
    ...(space.block && { block: check(space.block) }),
  };
}

function requireLength(value: number, what: string): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError(`The ${what} must be an integer, 0 or more, got ${String(value)}.`);
  }
  return value;
}

function requireText(text: string, what: string): string {
  if (typeof text !== "string" || text === "" || text.includes("\0")) {
    throw new InvalidArgumentError(`The ${what} must be a text, got ${JSON.stringify(text)}.`);
  }
  return text;
}
