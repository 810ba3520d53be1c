import type { Layout, LayoutSource } from "../tree.js";

/** The layout of a scan without a mapping, derived from its descriptive scan_info. */
export function layoutFromScanInfo(source: LayoutSource): Layout {
  const message = "the scan has no mapping";
  return {
    dialect: "scan_info",
    files: new Map(),
    warnings: [{ file: source.id.path ?? "", path: "/", message, fatal: false }],
  };
}
