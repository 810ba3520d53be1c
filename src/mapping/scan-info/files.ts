import posix from "node:path/posix";
import { isJsonObject } from "../../json.js";
import type { LayoutSource } from "../tree.js";
import { GroupBuilder } from "./builder.js";
import { entryNames } from "./channels.js";
import { asText, type Dictionary, dictionaryAt } from "./info.js";
import { scanFile } from "./saving.js";
import { textScalar } from "./values.js";

/** Attributes of a file's root; the first scan that creates the file sets them once and for all. */
export function rootGroup(info: Dictionary): GroupBuilder {
  const root = new GroupBuilder("/", "NXroot");
  root.attributes.set("creator", textScalar("blissdata"));
  const publisher = info.publisher === undefined ? "bliss" : asText(info.publisher);
  if (publisher !== undefined) root.attributes.set("publisher", textScalar(publisher));
  const version = asText(info.publisher_version);
  if (version !== undefined) root.attributes.set("publisher_version", textScalar(version));
  root.setOnce([...root.attributes.keys()].filter((name) => name !== "NX_class"));
  return root;
}

/**
 * The master files of a scan, with an external link to every entry: `nexuswriter.masterfiles` (level → file), without
 * `nexuswriter` the file `info.filename`, when the scan is written elsewhere. The level "dataset" links under the
 * entry's name, others under `<stem of the scan's file>_<entry>`.
 */
export function masterFiles(
  file: string,
  entries: readonly string[],
  info: Dictionary,
): Map<string, GroupBuilder> {
  const masters = new Map<string, GroupBuilder>();
  for (const [level, master] of masterPaths(info)) {
    const target = posix.normalize(master);
    if (target === posix.normalize(file) || entries.length === 0) continue;
    const root = masters.get(target) ?? rootGroup(info);
    masters.set(target, root);
    for (const entry of entries) {
      const name = level === "dataset" ? entry : `${posix.parse(file).name}_${entry}`;
      root.set(name, { kind: "external_link", file: nameFrom(target, file), path: `/${entry}` });
    }
  }
  return masters;
}

function masterPaths(info: Dictionary): [level: string, file: string][] {
  const paths = isJsonObject(info.nexuswriter)
    ? Object.entries(dictionaryAt(info, "nexuswriter", "masterfiles"))
    : [["dataset", info.filename] as const];
  return paths.flatMap(([level, path]) =>
    typeof path === "string" && path.startsWith("/") ? [[level, path]] : [],
  );
}

/** A file relative to the folder of the one that links to it; `./` in the same folder. */
function nameFrom(holder: string, file: string): string {
  const relative = posix.relative(posix.dirname(holder), file);
  return relative.includes("/") ? relative : `./${relative}`;
}

/** Links in the file's root to the scans of a sequence that are saved in other files. */
export function linkSequence(root: GroupBuilder, source: LayoutSource, file: string): void {
  for (const { plugin, scans } of source.streams.values()) {
    if (plugin !== "scan_sequence") continue;
    for (const scan of scans ?? []) {
      const other = scan.info.save === true ? scanFile(scan) : null;
      if (other === null || posix.normalize(other) === posix.normalize(file)) continue;
      for (const entry of entryNames(scan)) {
        if (!root.has(entry))
          root.set(entry, { kind: "external_link", file: nameFrom(file, other), path: `/${entry}` });
      }
    }
  }
}
