import type { GroupBuilder, Report } from "./builder.js";
import type { PlacedChannel } from "./detectors.js";
import { type Dictionary, dictionaryAt, textAt } from "./info.js";
import { dumpValue } from "./metadata.js";
import { isPositioner } from "./typing.js";
import { textScalar } from "./values.js";

/** Where the snapshots of `info.positioners` go, in `instrument`. */
const SNAPSHOTS: readonly (readonly [key: string, group: string])[] = [
  ["positioners_start", "positioners"],
  ["positioners_start", "positioners_start"],
  ["positioners_dial_start", "positioners_dial_start"],
  ["positioners_end", "positioners_end"],
  ["positioners_dial_end", "positioners_dial_end"],
];

/**
 * The positions of all motors before and after the scan, and in `positioners` links to the data of those that were
 * scanned, in the place of their start position. `positioners_units` also serves a scanned motor without a unit.
 */
export function addPositioners(
  instrument: GroupBuilder,
  info: Dictionary,
  placed: readonly PlacedChannel[],
  report: Report,
): void {
  const positioners = dictionaryAt(info, "positioners");
  const units = dictionaryAt(positioners, "positioners_units");
  for (const [key, name] of SNAPSHOTS) {
    const positions = dictionaryAt(positioners, key);
    if (Object.keys(positions).length === 0) continue;
    const group = instrument.group(name, "NXcollection");
    if (group) addSnapshot(group, positions, units, report);
  }
  for (const scanned of placed) {
    if (!isPositioner(scanned.channel)) continue;
    instrument.group("positioners", "NXcollection")?.softLink(scanned.link, scanned.path);
    const unit = textAt(units, scanned.link);
    const { group, dataset } = scanned;
    if (unit !== undefined && !group.hasAttribute(dataset, "units")) {
      group.attributeOf(dataset, "units", textScalar(unit));
    }
  }
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
