import { childPath, isAbsolute, joinPath, splitPath } from "../mapping/paths.js";

/** The folder of a path: `/1.1` for `/1.1/title`, `/` for the root itself. */
export function parentPath(path: string): string {
  return joinPath(splitPath(path).slice(0, -1));
}

/** A path as given to a group: absolute, or below that group. */
export function pathFrom(group: string, path: string): string {
  const elements = splitPath(path);
  return joinPath(isAbsolute(path) ? elements : [...splitPath(group), ...elements]);
}

/** A place in a file, as it is written everywhere: `FILE::PATH`. */
export interface FilePath {
  readonly file: string;
  readonly path: string;
}

/**
 * What `FILE::PATH` may mean: names of files and items may hold `::` themselves, so all splits of it, the longest file
 * name first, and at last the whole as a file; without `::` the path is `/`.
 */
export function splitFilePath(text: string): [FilePath, ...FilePath[]] {
  const whole = { file: text, path: "/" };
  const splits: FilePath[] = [];
  for (let at = text.lastIndexOf("::"); at >= 0; at = at > 0 ? text.lastIndexOf("::", at - 1) : -1) {
    splits.push({ file: text.slice(0, at), path: joinPath(splitPath(text.slice(at + 2))) });
  }
  const [first, ...more] = splits;
  return first ? [first, ...more, whole] : [whole];
}

export { childPath };
