import { ItemMissingError, NotHdf5Error, UnsupportedFileError } from "../errors.js";
import { type ReadBytes, readHeader } from "../format/object-header.js";
import { readForeign } from "./foreign.js";
import { Header } from "./header.js";
import { type LinkEntry, StoredObject } from "./object.js";
import { joinPath } from "./paths.js";

/** Objects kept in memory when nothing needs them; more are read again when asked for. */
const CACHED = 2000;
/** Soft links followed in one path before it counts as a circle. */
const MAX_LINKS = 32;

/** An object and how it was reached: the links from the root group to it. */
export interface Located {
  readonly object: StoredObject;
  readonly chain: readonly { readonly group: StoredObject; readonly link: LinkEntry }[];
}

/** The objects of the file: found by path, read when needed, and the set of those changed since the last commit. */
export class Objects {
  private readonly path: string;
  private readonly read: ReadBytes;
  private readonly cache = new Map<number, StoredObject>();
  readonly changed = new Set<StoredObject>();
  root: StoredObject;

  private constructor(path: string, read: ReadBytes, root: StoredObject) {
    this.path = path;
    this.read = read;
    this.root = root;
  }

  static async open(path: string, read: ReadBytes, rootAddress: number, hasNote: boolean): Promise<Objects> {
    const objects = new Objects(path, read, StoredObject.group());
    objects.root = await objects.load(rootAddress, "/");
    objects.root.pinned = true;
    objects.root.header.keepsNote = hasNote || objects.root.origin !== undefined;
    if (objects.root.kind !== "group") throw new NotHdf5Error(`${path}: its root is not a group.`, { path });
    return objects;
  }

  /** The object a path leads to, soft links followed; undefined when nothing is there. */
  async find(elements: readonly string[], followLast = true): Promise<Located | undefined> {
    let rest = [...elements];
    let chain: { group: StoredObject; link: LinkEntry }[] = [];
    let object = this.root;
    let followed = 0;
    while (rest.length > 0) {
      const [name = "", ...after] = rest;
      const link = object.links.get(name);
      if (!link) return undefined;
      if (link.link.kind === "external") return undefined;
      if (link.link.kind === "soft") {
        if ((!followLast && after.length === 0) || ++followed > MAX_LINKS) return undefined;
        const target = link.link.target.split("/").filter((part) => part !== "" && part !== ".");
        rest = [...target, ...after];
        if (link.link.target.startsWith("/")) {
          object = this.root;
          chain = [];
        }
        continue;
      }
      chain.push({ group: object, link });
      object = await this.targetOf(link, joinPath(elements));
      rest = after;
    }
    return { object, chain };
  }

  /** As `find`; a missing object is an error, and so is one that is not a group. */
  async group(elements: readonly string[]): Promise<Located> {
    const found = await this.find(elements);
    const path = joinPath(elements);
    if (!found)
      throw new ItemMissingError(`${this.path}: there is no group ${path}; create it first.`, { path });
    if (found.object.kind !== "group") {
      throw new ItemMissingError(`${this.path}: ${path} is a dataset, not a group.`, { path });
    }
    return found;
  }

  async object(elements: readonly string[]): Promise<Located> {
    const found = await this.find(elements);
    const path = joinPath(elements);
    if (!found) throw new ItemMissingError(`${this.path}: there is nothing at ${path}.`, { path });
    return found;
  }

  /** The object a hard link leads to. */
  async targetOf(link: LinkEntry, path: string): Promise<StoredObject> {
    if (link.target) return link.target;
    if (link.link.kind !== "hard") throw new RangeError("not a hard link");
    return await this.load(link.link.address, path);
  }

  /**
   * Prepares an object for being changed. One from a file made by others is written anew at the next commit, so the links
   * that lead to it change as well, up to a group that is ours.
   */
  change({ object, chain }: Located): void {
    this.changed.add(object);
    let child = object;
    for (const { group, link } of [...chain].reverse()) {
      if (child.origin === undefined) return;
      this.requireSingle(child, link.name);
      group.relink(link, child);
      this.changed.add(group);
      child = group;
    }
  }

  /** The object as one that will be written anew, whoever wrote it: for changes that cannot be made in place. */
  async rebuild({ object, chain }: Located): Promise<Located> {
    const { address } = object;
    if (address === undefined || object.origin !== undefined) return { object, chain };
    const rebuilt = await readForeign(this.read, await readHeader(this.read, address), address);
    this.changed.delete(object);
    this.remember(address, rebuilt);
    return { object: rebuilt, chain };
  }

  /** Before a change: an object of others that several links lead to cannot move. */
  private requireSingle(object: StoredObject, name: string): void {
    if (object.references <= 1) return;
    throw new UnsupportedFileError(
      `${this.path}: "${name}" was written by another program and has ${object.references} hard links; it cannot be changed here.`,
      { path: name },
    );
  }

  /** After a commit: everything changed is in the file. */
  committed(): void {
    for (const object of this.changed) {
      for (const link of object.links.values()) {
        const address = link.target?.address;
        if (address === undefined) continue;
        link.link = { kind: "hard", address };
        link.target = undefined;
      }
    }
    for (const object of this.changed) {
      object.header.written();
      object.origin = undefined;
      if (object.address !== undefined) this.remember(object.address, object);
    }
    this.changed.clear();
    this.evict();
  }

  private async load(address: number, path: string): Promise<StoredObject> {
    const known = this.cache.get(address);
    if (known) {
      this.remember(address, known);
      return known;
    }
    try {
      const parsed = await readHeader(this.read, address);
      const header = Header.fromFile(parsed);
      const object = header ? StoredObject.fromHeader(header) : undefined;
      const loaded = object?.compact ? object : await readForeign(this.read, parsed, address);
      this.remember(address, loaded);
      this.evict();
      return loaded;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new NotHdf5Error(`${this.path}: the object ${path} is damaged (${error.message}).`, {
        path: this.path,
        cause: error,
      });
    }
  }

  private remember(address: number, object: StoredObject): void {
    this.cache.delete(address);
    this.cache.set(address, object);
  }

  private evict(): void {
    if (this.cache.size <= CACHED) return;
    let excess = this.cache.size - CACHED;
    for (const [address, object] of this.cache) {
      if (excess <= 0) return;
      excess--;
      if (!object.pinned && !this.changed.has(object)) this.cache.delete(address);
    }
  }
}
