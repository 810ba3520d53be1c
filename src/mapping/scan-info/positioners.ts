import type { GroupBuilder, Report } from "./builder.js";
import type { PlacedChannel } from "./detectors.js";
import { type Dictionary, dictionaryAt, textAt } from "./info.js";
import { dumpValue } from "./metadata.js";
import { isPositioner } from "./typing.js";
import { textScalar } from "./values.js";

/** Where the snapshots of `info.positioners` go, in `instrument`. */
const SNAPSHOTS: readonly { readonly key: string; readonly group: string; readonly start: boolean }[] = [
  { key: "positioners_start", group: "positioners", start: true },
  { key: "positioners_start", group: "positioners_start", start: true },
  { key: "positioners_dial_start", group: "positioners_dial_start", start: true },
  { key: "positioners_end", group: "positioners_end", start: false },
  { key: "positioners_dial_end", group: "positioners_dial_end", start: false },
];

/**
 * The positions of all motors before and after the scan, and in `positioners` links to the data of those that were
 * scanned, in the place of their start position. `positioners_units` also serves a scanned motor without a unit.
 */
export function addPositioners(
  instrument: GroupBuilder,
  infos: readonly Dictionary[],
  placed: readonly PlacedChannel[],
  report: Report,
): void {
  const units = merged(infos, "positioners_units");
  for (const { key, group: name, start } of SNAPSHOTS) {
    const positions = merged(start ? [...infos].reverse() : infos, key);
    if (Object.keys(positions).length === 0) continue;
    const group = instrument.group(name, "NXcollection");
    if (group) addSnapshot(group, positions, units, report);
  }
  for (const { channel, link, path, group, dataset } of placed) {
    if (!isPositioner(channel)) continue;
    instrument.group("positioners", "NXcollection")?.softLink(link, path);
    const unit = textAt(units, link);
    if (unit !== undefined && !group.hasAttribute(dataset, "units")) {
      group.attributeOf(dataset, "units", textScalar(unit));
    }
  }
}

/** One dictionary of `info.positioners`; of a motor that several infos know, the last one counts. */
function merged(infos: readonly Dictionary[], key: string): Dictionary {
  const motors = new Map(infos.flatMap((info) => Object.entries(dictionaryAt(info, "positioners", key))));
  return Object.fromEntries(motors);
}

/** One dataset per motor, under its own name (a slash makes groups). */
function addSnapshot(group: GroupBuilder, positions: Dictionary, units: Dictionary, report: Report): void {
  for (const [name, position] of Object.entries(positions)) {
    const unit = textAt(units, name);
    dumpValue(
      group,
      name,
      position,
      report,
      unit === undefined ? new Map() : new Map([["units", textScalar(unit)]]),
    );
  }
}
