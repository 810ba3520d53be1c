import { readLayout } from "../mapping/layout.js";
/** What could not be read of each tree that somebody asked about: path → why. */
const known = new WeakMap();
/**
 * Why an item that the scan's mapping describes is not in the tree made of it: it could not be read. Undefined for items
 * that the mapping does not have.
 */
export function remarkOn(scan, tree, file, path) {
    let remarks = known.get(tree);
    if (!remarks) {
        const { warnings } = readLayout(scan.layoutSource);
        const fatal = warnings.filter((warning) => warning.fatal && warning.file === file);
        remarks = new Map(fatal.map((warning) => [warning.path, warning.message]));
        known.set(tree, remarks);
    }
    return remarks.get(path);
}
