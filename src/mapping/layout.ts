import { isJsonObject, namesOf } from "../json.js";
import { readH5Map } from "./dialects/h5maps.js";
import { readTupleMapping } from "./dialects/tuples.js";
import { readTypedMapping } from "./dialects/typed.js";
import { layoutFromScanInfo } from "./scan-info/index.js";
import { describe } from "./schema/explain.js";
import type { Dialect, GroupNode, Layout, LayoutSource, MappingWarning } from "./tree.js";

/**
 * What a scan says that it will become, in whatever dialect: `info.h5maps`, `info.mapping` (typed or tuples), else the
 * layout derived from the descriptive scan_info. Never throws for bad documents: what cannot be read is left out and
 * listed in the warnings (`fatal`), everything else is kept.
 */
export function readLayout(source: LayoutSource): Layout {
  const { info } = source;
  if (isPresent(info.h5maps)) return readH5Maps(info.h5maps, source);
  if (isPresent(info.mapping)) return readMapping(info.mapping, source);
  return layoutFromScanInfo(source);
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function readH5Maps(h5maps: unknown, source: LayoutSource): Layout {
  const files = new Map<string, GroupNode>();
  if (!isJsonObject(h5maps)) {
    const message = `info.h5maps must be an object of files, found ${describe(h5maps)}`;
    return { dialect: "h5maps", files, warnings: [fatal(source.id.path ?? "", message)] };
  }
  const warnings: MappingWarning[] = [];
  for (const file of namesOf(h5maps)) {
    if (!file.startsWith("/") || file.includes("\0")) {
      warnings.push(fatal(file, `${describe(file)} in info.h5maps is no absolute file path`));
      continue;
    }
    const { root, warnings: found } = readH5Map(file, h5maps[file], source.streams);
    if (root) files.set(file, root);
    warnings.push(...found);
  }
  return { dialect: "h5maps", files, warnings };
}

function readMapping(mapping: unknown, source: LayoutSource): Layout {
  const dialect: Dialect = Array.isArray(mapping) ? "mapping-tuples" : "mapping";
  const file = source.id.path;
  if (file === null || file === "") {
    const message = "the scan has no file (id.path is not set), so its mapping leads nowhere";
    return { dialect, files: new Map(), warnings: [{ file: "", path: "/", message, fatal: false }] };
  }
  const { root, warnings } = Array.isArray(mapping)
    ? readTupleMapping(file, `${source.id.number}.1`, mapping, source.streams)
    : readTypedMapping(file, mapping, source.streams);
  return { dialect, files: root ? new Map([[file, root]]) : new Map(), warnings };
}

function fatal(file: string, message: string): MappingWarning {
  return { file, path: "/", message, fatal: true };
}
