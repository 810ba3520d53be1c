import { isJsonObject } from "../../json.js";
import type { GroupBuilder, Report } from "./builder.js";
import { type Dictionary, dictionaryAt, textAt, textsAt } from "./info.js";
import { dumpMetadata, dumpValue, isEmptyMetadata } from "./metadata.js";
import { isoTime } from "./times.js";

/** Categories that have their own place in the file. */
const PLACED_ELSEWHERE: ReadonlySet<string> = new Set(["positioners", "nexuswriter"]);

/**
 * The metadata of a scan: `info[name]` for every name in `scan_meta_categories`, into a group of that name in the entry;
 * `instrument` into the instrument, what it says of a device into that device's group.
 */
export function addCategories(entry: GroupBuilder, info: Dictionary, report: Report): void {
  if (!Array.isArray(info.scan_meta_categories)) {
    report.warn(entry.path, "info.scan_meta_categories is missing: no metadata categories are written.");
  }
  for (const name of new Set(textsAt(info, "scan_meta_categories"))) {
    const value = Object.hasOwn(info, name) ? info[name] : undefined;
    if (PLACED_ELSEWHERE.has(name) || isEmptyMetadata(value, { plainClass: true })) continue;
    if (!isJsonObject(value)) dumpValue(entry, name, value, report);
    else if (name === "instrument") addInstrument(entry, value, report);
    else addCategory(entry, name, value, report);
  }
}

function addCategory(entry: GroupBuilder, name: string, value: Dictionary, report: Report): void {
  const existing = entry.has(name);
  const group = entry.group(name);
  if (group) dumpMetadata(group, value, report, { plainClass: true, keepClass: existing });
  else
    report.warn(
      entry.pathOf(name),
      "This metadata category is left out: the entry has its own dataset here.",
    );
}

/** Devices and the instrument itself keep their classes. */
function addInstrument(entry: GroupBuilder, value: Dictionary, report: Report): void {
  const instrument = entry.group("instrument", "NXinstrument");
  if (!instrument) return;
  const rest: Record<string, unknown> = Object.create(null);
  for (const [key, item] of Object.entries(value)) {
    const device = isJsonObject(item) && instrument.has(key) ? instrument.group(key) : undefined;
    if (device && isJsonObject(item)) dumpMetadata(device, item, report, { keepClass: true });
    else if (key !== "NX_class") rest[key] = item;
  }
  dumpMetadata(instrument, rest, report, { keepClass: true });
}

/** `info.comments` as notes/note_01, note_02 … */
export function addNotes(entry: GroupBuilder, info: Dictionary): void {
  if (!Array.isArray(info.comments)) return;
  const comments = info.comments.filter(isJsonObject);
  comments.forEach((comment, i) => {
    const name = `note_${String(i + 1).padStart(2, "0")}`;
    const note = entry.group("notes", "NXcollection")?.group(name, "NXnote");
    const date = isoTime(comment.date) ?? textAt(comment, "date");
    if (date !== undefined) note?.text("date", date);
    note?.text("data", textAt(comment, "message") ?? "");
    note?.text("type", "text/plain");
  });
}

/** ICAT's names of what describes a sample. */
const SAMPLE_FIELDS: readonly (readonly [key: string, name: string])[] = [
  ["Sample_name", "name"],
  ["Sample_description", "description"],
];

/** The sample of the dataset, where the data policy is ESRF's; it wins over a metadata category `sample`. */
export function addSample(entry: GroupBuilder, info: Dictionary, dataPolicy: string, report: Report): void {
  if (dataPolicy.toUpperCase() !== "ESRF") return;
  const snapshot = dictionaryAt(info, "dataset_metadata_snapshot");
  for (const [key, name] of SAMPLE_FIELDS) {
    if (!Object.hasOwn(snapshot, key) || isEmptyMetadata(snapshot[key])) continue;
    const sample = entry.group("sample", "NXsample");
    if (sample) dumpValue(sample, name, snapshot[key], report);
  }
}
