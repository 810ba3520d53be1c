import posix from "node:path/posix";
import { messageOf } from "../../errors.js";
import { isJsonObject, namesOf } from "../../json.js";
import type { RawArray } from "../../ndarray/raw.js";
import { MappingError } from "../errors.js";
import { elementsOfName } from "../paths.js";
import { MAX_DEPTH } from "../reading.js";
import { describe } from "../schema/explain.js";
import type { GroupBuilder, Report } from "./builder.js";
import { arrayOfJson, textScalar } from "./values.js";

export interface DumpOptions {
  /** Top-level dictionaries may say `NX_class` instead of `@NX_class`. */
  readonly plainClass?: boolean;
  /** The group keeps the class it has: a detector stays an NXdetector. */
  readonly keepClass?: boolean;
}

/**
 * Writes a dictionary of metadata into a group, as silx's `dicttonx`: dictionaries are groups (NXcollection unless
 * `@NX_class` says otherwise), `@a` is an attribute of the group, `x@units` one of the dataset x, `>x` a link; null
 * and empty dictionaries are nothing; names are kept as they are, a slash makes groups. What cannot be written is
 * left out or kept in another form, with a warning; data that are already there are never replaced.
 */
export function dumpMetadata(
  group: GroupBuilder,
  dictionary: Readonly<Record<string, unknown>>,
  report: Report,
  options: DumpOptions = {},
): void {
  setClass(group, dictionary, options);
  const attributes: [key: string, value: unknown][] = [];
  for (const key of namesOf(dictionary)) {
    const value = dictionary[key];
    if (key === "@NX_class" || (options.plainClass && key === "NX_class")) continue;
    if (key.includes("@")) attributes.push([key, value]);
    else dumpItem(group, key, value, report);
  }
  for (const [key, value] of attributes) dumpAttribute(group, key, value, report);
}

/** True for dictionaries of which nothing would be written. */
export function isEmptyMetadata(value: unknown, options: DumpOptions = {}): boolean {
  if (value === null || value === undefined) return true;
  if (!isJsonObject(value)) return false;
  const entries = Object.entries(value).filter(
    ([key]) => key !== "@NX_class" && !(options.plainClass && key === "NX_class"),
  );
  return entries.every(([key, item]) => !key.includes("@") && isEmptyMetadata(item));
}

function setClass(
  group: GroupBuilder,
  dictionary: Readonly<Record<string, unknown>>,
  options: DumpOptions,
): void {
  if (options.keepClass && group.attributes.has("NX_class")) return;
  const given = dictionary["@NX_class"] ?? (options.plainClass ? dictionary.NX_class : undefined);
  if (typeof given === "string" && given !== "") group.attributes.set("NX_class", textScalar(given));
  else if (!group.attributes.has("NX_class")) group.attributes.set("NX_class", textScalar("NXcollection"));
}

function dumpItem(group: GroupBuilder, key: string, value: unknown, report: Report): void {
  if (value === null) removeDataset(group, key);
  if (isEmptyMetadata(value)) return;
  const link = key.startsWith(">");
  const place = placeOf(group, link ? key.slice(1) : key, report);
  if (!place) return;
  const { parent, name } = place;
  if (link) dumpLink(parent, name, value, report);
  else if (isJsonObject(value)) {
    const child = parent.group(name);
    if (child) dumpMetadata(child, value, report);
    else report.warn(parent.pathOf(name), "Metadata left out: data are already written under this name.");
  } else dumpDataset(parent, name, value, report);
}

/** The group and name that a key stands for: slashes make groups (without a class). */
function placeOf(
  group: GroupBuilder,
  key: string,
  report: Report,
): { parent: GroupBuilder; name: string } | undefined {
  try {
    const elements = elementsOfName(key);
    if (group.depth + elements.length > MAX_DEPTH) {
      throw new MappingError(`groups are nested deeper than ${MAX_DEPTH} levels`);
    }
    const name = elements.pop() ?? key;
    let parent: GroupBuilder | undefined = group;
    for (const element of elements) parent = parent?.group(element);
    if (parent) return { parent, name };
    report.warn(group.pathOf(key), "Left out: a part of this path is no group.");
  } catch (error) {
    report.warn(group.path, `Metadata left out: ${messageOf(error)}`);
  }
  return undefined;
}

/** Writes one value as a dataset, with these attributes; the name means nothing special (but for slashes). */
export function dumpValue(
  group: GroupBuilder,
  key: string,
  value: unknown,
  report: Report,
  attributes?: ReadonlyMap<string, RawArray>,
): void {
  const place = placeOf(group, key, report);
  if (place) dumpDataset(place.parent, place.name, value, report, attributes);
}

function dumpDataset(
  parent: GroupBuilder,
  name: string,
  value: unknown,
  report: Report,
  attributes?: ReadonlyMap<string, RawArray>,
): void {
  const path = parent.pathOf(name);
  if (parent.has(name) && !parent.isStaticDataset(name)) {
    report.warn(path, "Metadata left out: something else is already written under this name.");
    return;
  }
  const converted = arrayOfJson(value);
  if (!converted) return;
  if (converted.remark) report.warn(path, converted.remark);
  parent.dataset(name, converted.array, attributes);
}

/** What the scan said at its start and takes back at its end. */
function removeDataset(group: GroupBuilder, key: string): void {
  if (group.isStaticDataset(key)) group.remove(key);
}

function dumpLink(parent: GroupBuilder, name: string, value: unknown, report: Report): void {
  if (typeof value !== "string" || value === "" || parent.has(name)) {
    report.warn(parent.pathOf(name), `Link left out: ${describe(value)} cannot be its target.`);
    return;
  }
  const external = value.indexOf("::");
  if (external > 0) {
    parent.set(name, {
      kind: "external_link",
      file: value.slice(0, external),
      path: value.slice(external + 2),
    });
  } else parent.softLink(name, posix.resolve(parent.path, value));
}

function dumpAttribute(group: GroupBuilder, key: string, value: unknown, report: Report): void {
  const at = key.indexOf("@");
  const attribute = key.slice(at + 1);
  const owner = key.slice(0, at);
  const converted = arrayOfJson(value);
  if (!converted) return;
  if (attribute === "") {
    report.warn(group.path, `${JSON.stringify(key)} left out: an attribute needs a name.`);
    return;
  }
  if (converted.remark) report.warn(group.pathOf(key), converted.remark);
  if (owner === "") {
    group.attributes.set(attribute, converted.array);
    return;
  }
  const place = placeOf(group, owner, report);
  if (!place) return;
  if (!place.parent.has(place.name)) place.parent.group(place.name);
  if (!place.parent.attributeOf(place.name, attribute, converted.array)) {
    report.warn(
      place.parent.pathOf(place.name),
      `Attribute ${attribute} left out: a link has none of its own.`,
    );
  }
}
