import { readLayout } from "../mapping/layout.js";
/** The tree that a scan describes for its own file; undefined when it describes none. */
export async function treeOf(scan, options) {
    if (scan.state === "CREATED")
        return undefined;
    const source = scan.layoutSource;
    const layout = readLayout(source);
    const tree = scan.id.path === null ? [...layout.files.values()][0] : layout.files.get(scan.id.path);
    if (layout.dialect !== "scan_info" || scan.state !== "CLOSED")
        return tree;
    // A derived layout leaves out the streams of a finished scan that stayed empty.
    const streams = new Map();
    for (const [name, facts] of source.streams) {
        const length = await scan.streams
            .get(name)
            ?.length(options)
            .catch(() => undefined);
        streams.set(name, length === undefined ? facts : { ...facts, length });
    }
    const complete = readLayout({ ...source, streams });
    return scan.id.path === null ? [...complete.files.values()][0] : complete.files.get(scan.id.path);
}
