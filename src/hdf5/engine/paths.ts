import { InvalidArgumentError } from "../../errors.js";

/** The elements of an absolute HDF5 path; `/` has none. Empty elements and `.` are dropped, as the C library does. */
export function splitPath(path: string): string[] {
  if (!path.startsWith("/")) {
    throw new InvalidArgumentError(`HDF5 paths start with "/", got ${JSON.stringify(path)}.`, { path });
  }
  if (path.includes("\0")) throw new InvalidArgumentError("HDF5 names cannot hold NUL characters.", { path });
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/** The group that holds an item, and the item's name. */
export function splitParent(path: string): { readonly parent: string[]; readonly name: string } {
  const parent = splitPath(path);
  const name = parent.pop();
  if (name === undefined)
    throw new InvalidArgumentError(`"/" always exists and cannot be replaced.`, { path });
  return { parent, name };
}

export function joinPath(elements: readonly string[]): string {
  return `/${elements.join("/")}`;
}
