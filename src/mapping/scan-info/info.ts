import { isJsonObject, jsonNumber } from "../../json.js";
import { describe } from "../schema/explain.js";

/** Readers of free-form documents: what has another type than expected counts as missing. */
export type Dictionary = Readonly<Record<string, unknown>>;

export function dictionaryAt(value: unknown, ...keys: readonly string[]): Dictionary {
  let level = value;
  for (const key of keys) level = isJsonObject(level) && Object.hasOwn(level, key) ? level[key] : undefined;
  return isJsonObject(level) ? level : {};
}

/** A text, undefined when it is missing, empty or something else. */
export function textAt(dictionary: Dictionary, key: string): string | undefined {
  const value = Object.hasOwn(dictionary, key) ? dictionary[key] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A text, number or boolean as text; undefined for anything else. */
export function asText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "boolean" || jsonNumber(value) !== undefined ? describe(value) : undefined;
}

/** The texts of a list; other items are left out. */
export function textsAt(dictionary: Dictionary, key: string): readonly string[] {
  const value = Object.hasOwn(dictionary, key) ? dictionary[key] : undefined;
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

export function integerAt(dictionary: Dictionary, key: string): number | undefined {
  const value = Object.hasOwn(dictionary, key) ? jsonNumber(dictionary[key]) : undefined;
  return value !== undefined && Number.isSafeInteger(value) ? value : undefined;
}

/**
 * The planned grid of a scan, slow axis first: `[]` for a `ct` (data_dim 0), `null` for one axis of any length, and for
 * meshes (data_dim ≥ 2) npoints1 … npointsN reversed. A mesh without all its npoints is treated as one axis.
 */
export function scanGrid(info: Dictionary): readonly number[] | null {
  const dimensions = integerAt(info, "data_dim") ?? 1;
  if (dimensions === 0) return [];
  if (dimensions < 2 || dimensions > 32) return null;
  const grid = Array.from({ length: dimensions }, (_, i) => integerAt(info, `npoints${dimensions - i}`) ?? 0);
  return grid.every((length) => length > 0) ? grid : null;
}

/** The number of scan axes: 0, 1, or that of the grid. */
export function scanDimensions(info: Dictionary): number {
  return scanGrid(info)?.length ?? 1;
}

/** What every part of the layout needs to know of the scan. */
export interface ScanContext {
  readonly info: Dictionary;
  /** The info at PREPARED and, when it changed, at CLOSED: what metadata are written from, one after the other. */
  readonly infos: readonly Dictionary[];
  /** The scan's file, in which the entry is. */
  readonly file: string;
  /** See `scanGrid`. */
  readonly grid: readonly number[] | null;
  /** The scan is CLOSED: what has no data now never will. */
  readonly final: boolean;
  /** The layout is made for a file that is being written. */
  readonly written: boolean;
}
