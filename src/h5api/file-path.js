import { childPath, isAbsolute, joinPath, splitPath } from "../mapping/paths.js";
/** The folder of a path: `/1.1` for `/1.1/title`, `/` for the root itself. */
export function parentPath(path) {
    return joinPath(splitPath(path).slice(0, -1));
}
/** A path as given to a group: absolute, or below that group. */
export function pathFrom(group, path) {
    const elements = splitPath(path);
    return joinPath(isAbsolute(path) ? elements : [...splitPath(group), ...elements]);
}
/** Splits `FILE::PATH`, as it is written everywhere; without `::` the path is `/`. */
export function splitFilePath(text) {
    const at = text.lastIndexOf("::");
    if (at < 0)
        return { file: text, path: "/" };
    return { file: text.slice(0, at), path: joinPath(splitPath(text.slice(at + 2))) };
}
export { childPath };
