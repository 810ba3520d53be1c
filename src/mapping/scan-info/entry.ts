import { jsonNumber } from "../../json.js";
import { describe } from "../schema/explain.js";
import type { LayoutSource } from "../tree.js";
import type { GroupBuilder, Report } from "./builder.js";
import { addCategories, addNotes, addSample } from "./categories.js";
import type { Chain } from "./channels.js";
import { placeChannels } from "./detectors.js";
import { dictionaryAt, type ScanContext, textAt } from "./info.js";
import { dumpMetadata, dumpValue } from "./metadata.js";
import { addPlots } from "./plots.js";
import { addPositioners } from "./positioners.js";
import { isoTime } from "./times.js";
import { arrayOfJson, textScalar } from "./values.js";

/** Fills the NXentry of one chain of a scan. */
export function fillEntry(
  entry: GroupBuilder,
  chain: Chain,
  source: LayoutSource,
  scan: ScanContext,
  report: Report,
): void {
  addDescription(entry, source, scan, report);
  const instrument = entry.group("instrument", "NXinstrument");
  if (!instrument) return;
  for (const info of scan.infos) {
    const about = dictionaryAt(info, "nexuswriter", "instrument_info");
    dumpMetadata(instrument, about, report, { keepClass: true });
  }
  const placed = placeChannels(chain, instrument, scan, report);
  const measurement = placed.some((channel) => channel.linked) && entry.group("measurement", "NXcollection");
  for (const { link, path, linked } of placed) {
    if (!measurement || !linked) continue;
    if (measurement.has(link))
      report.warn(measurement.pathOf(link), `No link to ${path}: the name is taken.`);
    else measurement.softLink(link, path);
  }
  addPositioners(instrument, scan.infos, placed, report);
  for (const info of scan.infos) addCategories(entry, info, report);
  addSample(entry, scan.info, textAt(scan.info, "data_policy") ?? "", report);
  addNotes(entry, scan.info);
  addPlots(entry, placed, scan, report);
  addWriter(entry, source);
}

/** What the scan was, when it ran and how it ended. */
function addDescription(
  entry: GroupBuilder,
  source: LayoutSource,
  { info, final }: ScanContext,
  report: Report,
): void {
  const title = textAt(info, "title");
  if (title !== undefined) entry.text("title", title);
  else report.warn(entry.pathOf("title"), "info.title is missing.");
  const start = isoTime(info.start_time);
  if (start !== undefined) entry.text("start_time", start);
  else {
    report.warn(
      entry.pathOf("start_time"),
      `info.start_time is no ISO 8601 time: ${describe(info.start_time)}.`,
    );
    dumpValue(entry, "start_time", info.start_time, report);
  }
  if (final) {
    const end = isoTime(info.end_time) ?? source.writer?.endTime;
    if (end !== undefined) entry.set("end_time", volatileText(end));
    entry.text("end_reason", textAt(info, "end_reason") ?? "NOT STARTED");
  }
  const seconds = arrayOfJson(info.count_time);
  if (seconds && jsonNumber(info.count_time)) {
    const parameters = entry.group("scan_parameters", "NXparameters");
    parameters?.dataset("count_time", seconds.array, new Map([["units", textScalar("s")]]));
  }
}

function addWriter(entry: GroupBuilder, { writer }: LayoutSource): void {
  if (!writer) return;
  const note = entry.group("writer", "NXnote");
  note?.set("date", volatileText(writer.date));
  note?.text("status", writer.status);
}

function volatileText(value: string) {
  const array = textScalar(value);
  return {
    kind: "dataset",
    attributes: new Map(),
    value: { kind: "static", array },
    volatile: true,
  } as const;
}
