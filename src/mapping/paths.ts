import { MappingError } from "./errors.js";

/** Longest name of an item or attribute, in bytes of UTF-8; HDF5's own limit is a message of 64 KiB. */
const MAX_NAME_BYTES = 4096;

/**
 * The elements of an HDF5 path, as HDF5 reads it: empty elements and `.` mean nothing, `..` is a name like any other
 * (HDF5 has no parent element).
 */
export function splitPath(path: string): string[] {
  return path.split("/").filter((element) => element !== "" && element !== ".");
}

export function isAbsolute(path: string): boolean {
  return path.startsWith("/");
}

/** `/` for no elements. */
export function joinPath(elements: readonly string[]): string {
  return `/${elements.join("/")}`;
}

/** The path of a child; the name is used as it is. */
export function childPath(parent: string, name: string): string {
  return parent === "/" ? `/${name}` : `${parent}/${name}`;
}

/** The elements that a name in a mapping stands for: one, or several when it holds slashes (groups are made for them). */
export function elementsOfName(name: string): string[] {
  requireText(name, "name");
  const elements = splitPath(name);
  if (elements.length === 0) throw new MappingError(`${JSON.stringify(name)} is no name for an item.`);
  return elements;
}

/** Attribute names may hold slashes, but must be something HDF5 can store. */
export function requireAttributeName(name: string): void {
  if (name === "") throw new MappingError("An attribute has an empty name.");
  requireText(name, "attribute name");
}

/** The name of a compound's column. */
export function requireMemberName(name: string): void {
  requireText(name, "column name");
}

function requireText(name: string, what: string): void {
  const shown = JSON.stringify(name.slice(0, 60));
  if (name.includes("\0"))
    throw new MappingError(`The ${what} ${shown} holds a NUL character, which HDF5 cannot store.`);
  if (!name.isWellFormed()) throw new MappingError(`The ${what} ${shown} is not valid Unicode.`);
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw new MappingError(`The ${what} ${shown}… is longer than ${MAX_NAME_BYTES} bytes.`);
  }
}
