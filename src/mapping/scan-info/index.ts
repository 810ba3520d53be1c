import type { GroupNode, Layout, LayoutSource } from "../tree.js";
import { Report } from "./builder.js";
import { chainsOf } from "./channels.js";
import { fillEntry } from "./entry.js";
import { linkSequence, masterFiles, rootGroup } from "./files.js";
import { type ScanContext, scanGrid } from "./info.js";
import { needsPositions } from "./plots.js";
import { scanFile } from "./saving.js";
import { textScalar } from "./values.js";

export { DATA_WRITERS, type SaveDecision, saveDecision, scanFile } from "./saving.js";
export { localIsoTime } from "./times.js";

/**
 * The layout of a scan that publishes no mapping, only its descriptive scan_info (Sardana, older BLISS): one NXentry
 * `<scan_nb>.<k>` per acquisition chain, and links to it in the master files. The rules are those of blisswriter 2.0
 * (docs/scan-info.md lists where we deviate, and why). Pure: the same facts give the same tree.
 *
 * Readers may call it at any time, with whatever facts they have. A writer
 * - decides with `saveDecision` whether the scan is written at all;
 * - calls it at PREPARED and applies the tree: groups, attributes, static datasets and links at once, stream datasets when
 *   they get data (links to them dangle until then);
 * - calls it again at CLOSED, after the last data, and applies the difference. Then every stream needs its `length`,
 *   variable-size ones `pointShape`, lima ones `lastStatus`, scan sequences `scans`, and the streams named by
 *   `streamsToRead` their `values`. What depends on them comes only now: streams without data disappear, plots and
 *   virtual datasets of images appear, `end_time`, `end_reason` and the file's `default` are set;
 * - gives the first call's info as `startInfo` then: a snapshot or category that is missing at the end is not lost;
 * - gives `writer` both times: `date` and `status` fill the NXnote `writer`, `endTime` is used when the publisher gave no
 *   `end_time` (a crash of the publisher). Nodes and attributes marked volatile are set when they are created and never
 *   replaced: what an earlier run wrote stays;
 * - adds by itself what concerns the file and not the scan: the root's `file_name`, `file_time`, `HDF5_Version` and
 *   version attributes; it leaves an entry or link that another scan made before, and reports it.
 */
export function layoutFromScanInfo(given: LayoutSource): Layout {
  const source = { ...given, info: { ...given.startInfo, ...given.info } };
  const file = scanFile(source) ?? "";
  const report = new Report(file);
  const { info } = source;
  const scan: ScanContext = {
    info,
    infos: given.startInfo ? [given.startInfo, given.info] : [given.info],
    file,
    grid: scanGrid(info),
    final: source.state === "CLOSED",
    written: source.writer !== undefined,
  };
  const root = rootGroup(info);
  const chains = chainsOf(source, report);
  for (const chain of chains) {
    const entry = root.group(chain.entry, "NXentry");
    if (entry) fillEntry(entry, chain, source, scan, report);
  }
  linkSequence(root, source, file);
  const last = chains.at(-1);
  if (scan.final && last) root.attributes.set("default", textScalar(last.entry));
  const entries = chains.map((chain) => chain.entry);
  const files = new Map<string, GroupNode>([[file, root.build()]]);
  for (const [path, master] of masterFiles(file, entries, info)) files.set(path, master.build());
  return { dialect: "scan_info", files, warnings: report.warnings };
}

/** The streams whose `values` a final layout needs: the positions along the axes of a mesh that is plotted. */
export function streamsToRead(source: LayoutSource): string[] {
  if (!needsPositions({ info: source.info, grid: scanGrid(source.info) })) return [];
  const chains = chainsOf(source, new Report(""));
  const positioners = chains.flatMap((chain) => chain.channels.filter((channel) => channel.positioner));
  return positioners.flatMap(({ name, stream }) => (stream ? [name] : []));
}
