import type { Layout, MappingWarning } from "../../mapping/tree.js";
import type { Scan } from "../../scan/scan.js";
import type { DataStore } from "../../scan/store.js";
import { finalLayout, preparedLayout, reasonNotToWrite } from "../../writer/layouts.js";
import { command } from "../command.js";
import { layoutJson, layoutLines } from "../layout-text.js";
import { scanOf } from "../scan-listing.js";

export const map = command({
  usage: "SCAN|last",
  help: `Shows the HDF5 files that a scan becomes: every group, dataset and link, and the streams that fill them (←), with
the dialect in which the scan describes them (h5maps, mapping, mapping-tuples, or scan_info where the layout is derived)
and everything that could not be read. SCAN is a key as \`nxlive scans\` lists them; last is the newest scan. The exit code
is 1 when something could not be read.`,
  options: {},
  positionals: [1, 1],
  async run({ positionals: [name = "last"], connect, signal, json, print, printJson }) {
    const store = await connect();
    const scan = await scanOf(store, name, signal);
    const source = scan.layoutSource;
    const layout = await layoutOf(scan, store, signal);
    const unsaved = reasonNotToWrite(source) ?? null;
    const files = [...layout.files].map(([file, root]) => [file, { root, streams: source.streams }] as const);
    const code = layout.warnings.some(({ fatal }) => fatal) ? 1 : 0;
    if (json) {
      const trees = Object.fromEntries(files.map(([file, tree]) => [file, layoutJson(tree)]));
      const { dialect, warnings } = layout;
      await printJson({ scan: scan.key, state: scan.state, dialect, unsaved, files: trees, warnings });
      return code;
    }
    await print(`${scan.key} ${scan.id.name} ${scan.id.number} (${scan.state}), from its ${layout.dialect}`);
    if (scan.state === "CREATED")
      await print("The scan is not prepared yet: streams and layout may still come.");
    if (unsaved !== null) await print(unsaved);
    for (const [file, tree] of files) {
      await print("");
      await print(file);
      for (const line of layoutLines(tree)) await print(line);
    }
    if (layout.warnings.length > 0) await print("");
    for (const warning of layout.warnings) await print(warningLine(warning));
    return code;
  },
});

/** The layout as a writer would make it now. */
async function layoutOf(scan: Scan, store: DataStore, signal: AbortSignal): Promise<Layout> {
  const now = new Date();
  if (scan.state === "CLOSED") {
    return await finalLayout(scan, store, { start: now, end: now, failed: false }, { signal });
  }
  const source = scan.layoutSource;
  return preparedLayout(source, source.info, { start: now });
}

function warningLine({ file, path, message, fatal }: MappingWarning): string {
  return `${fatal ? "left out" : "warning"}  ${file}::${path}: ${message}`;
}
