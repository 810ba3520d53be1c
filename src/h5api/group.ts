import { isNxliveError } from "../errors.js";
import { childPath } from "../mapping/paths.js";
import type { NdArray } from "../ndarray/ndarray.js";
import type { SignalOption } from "../stream/reading.js";
import type { Dataset } from "./dataset.js";
import { PathNotFoundError, WrongKindError } from "./errors.js";
import { parentPath, pathFrom } from "./file-path.js";
import { ExternalLink, HardLink, type Link, SoftLink } from "./links.js";
import { Node } from "./node.js";
import { type Member, Reference } from "./reference.js";
import type { SliceArguments } from "./selection.js";
import { signalOf } from "./signal.js";
import type { GroupItem } from "./view.js";

/** What `visit` calls for each item; anything but undefined ends the visit and is its result. */
export type Visitor<T> = (name: string, node: Group | Dataset) => T | undefined | Promise<T | undefined>;

/** A group, live or on disk. Its members are those of the moment of each call, in the order of the mapping or file. */
export class Group extends Node {
  readonly kind = "group";

  /** The group that it was reached through; the root's parent is itself. */
  get parent(): Reference<Group> {
    return this.get(parentPath(this.name));
  }

  /**
   * What lies at a path below this group, or at an absolute one: a reference that can be awaited (→ Group or Dataset)
   * and used directly. With `link: true` the link itself, which may lead nowhere. Errors: PathNotFoundError,
   * BrokenLinkError, LinkLoopError.
   *
   * The type is what the caller expects, a Dataset when nothing is said: `get<Group>(path)`; where it is not known,
   * `get<Member>(path)`, whose `kind` tells.
   */
  get<T extends Member = Dataset>(path: string): Reference<T>;
  get(path: string, options: { link: true; signal?: AbortSignal }): Promise<Link>;
  get<T extends Member = Dataset>(
    path: string,
    options: { link?: false; signal?: AbortSignal },
  ): Reference<T>;
  get(path: string, options: { link?: boolean; signal?: AbortSignal } = {}): Reference | Promise<Link> {
    const full = pathFrom(this.name, path);
    if (options.link) return this.#link(full, options);
    const find = () => this.find(path, full, options);
    return new Reference(async () => {
      const version = await this.core.version(options);
      return this.core.open(await find(), version, options);
    });
  }

  /** True when there is something of that path, or a link (as in h5py, it may lead nowhere). */
  async has(path: string, options: SignalOption = {}): Promise<boolean> {
    await this.core.version(options);
    try {
      const found = await this.find(path, pathFrom(this.name, path), options);
      return (await this.core.itemAt(found, options)).item !== undefined;
    } catch (error) {
      if (MISSING.some((code) => isNxliveError(error, code))) return false;
      throw error;
    }
  }

  /** The names of the members, in the order of the mapping, or of the file where it keeps one. */
  async keys(options: SignalOption = {}): Promise<string[]> {
    const group = await this.#item(options);
    return [...(await group.names(options))];
  }

  /** The members; undefined for links that lead nowhere. */
  async values(options: SignalOption = {}): Promise<(Group | Dataset | undefined)[]> {
    return (await this.items(options)).map(([, node]) => node);
  }

  /** Names and members; undefined for links that lead nowhere. */
  async items(options: SignalOption = {}): Promise<[string, Group | Dataset | undefined][]> {
    const names = await this.keys(options);
    const version = await this.core.version(options);
    const items: [string, Group | Dataset | undefined][] = [];
    for (const name of names) items.push([name, await this.#member(name, version, options)]);
    return items;
  }

  /** The number of members. */
  async length(options: SignalOption = {}): Promise<number> {
    return (await this.keys(options)).length;
  }

  /**
   * Calls back for everything below this group, with paths relative to it; links are not followed, and what has several
   * names (hard links) is visited under the first of them. Ends with the first result that is not undefined, and gives it.
   */
  async visit<T>(visitor: Visitor<T>, options: SignalOption = {}): Promise<T | undefined> {
    return this.#visit("", visitor, new Set([await this.identity(options)]), options);
  }

  /** Part of the default signal: the NeXus `signal`, else the member `data`, else `value`. See `Dataset.slice`. */
  async slice(...args: SliceArguments): Promise<NdArray> {
    return (await this.signal()).slice(...args);
  }

  /** The dataset that slicing this group slices. Error: WrongKindError when there is none. */
  async signal(options: SignalOption = {}): Promise<Dataset> {
    return signalOf(this.core, this.name, options);
  }

  /** As `keys`; of a file with live scans also the names that come, for ever. */
  [Symbol.asyncIterator](): AsyncIterableIterator<string> {
    return this.#names();
  }

  override toString(): string {
    return `<nxlive group "${this.name}" in ${this.core.name}>`;
  }

  /** The full path of what was asked for; only files look into their default entry. */
  protected async find(path: string, full: string, options: SignalOption): Promise<string> {
    return path.startsWith("/") ? this.core.fullPath(full, options) : full;
  }

  async *#names(): AsyncGenerator<string, undefined, undefined> {
    yield* await this.keys();
  }

  async #item(options: SignalOption): Promise<GroupItem> {
    const { item } = await this.current(options);
    if (item.kind === "group") return item;
    throw new WrongKindError(`${this.location} is no longer a group.`, { path: this.location });
  }

  async #member(name: string, version: number, options: SignalOption): Promise<Group | Dataset | undefined> {
    try {
      return await this.core.open(childPath(this.name, name), version, options);
    } catch (error) {
      if (MISSING.some((code) => isNxliveError(error, code))) return undefined;
      throw error;
    }
  }

  async #link(full: string, options: SignalOption): Promise<Link> {
    await this.core.version(options);
    const path = await this.core.fullPath(full, options);
    const { item } = await this.core.itemAt(path, options);
    if (item?.kind === "soft_link") return new SoftLink(item.target);
    if (item?.kind === "external_link") return new ExternalLink(item.file, item.path);
    if (item) return new HardLink();
    const location = `${this.core.name}::${path}`;
    throw new PathNotFoundError(`${location}: there is nothing of that name.`, { path: location });
  }

  async #visit<T>(
    prefix: string,
    visitor: Visitor<T>,
    visited: Set<string>,
    options: SignalOption,
  ): Promise<T | undefined> {
    const names = await this.keys(options);
    const version = await this.core.version(options);
    for (const name of names) {
      options.signal?.throwIfAborted();
      const full = childPath(this.name, name);
      const { item } = await this.core.itemAt(full, options);
      if (item?.kind !== "group" && item?.kind !== "dataset") continue;
      const node = await this.core.open(full, version, options);
      const identity = await node.identity(options);
      if (visited.has(identity)) continue;
      visited.add(identity);
      const below = prefix + name;
      const result =
        (await visitor(below, node)) ??
        (node instanceof Group ? await node.#visit(`${below}/`, visitor, visited, options) : undefined);
      if (result !== undefined) return result;
    }
    return undefined;
  }
}

const MISSING = ["ERR_PATH_NOT_FOUND", "ERR_BROKEN_LINK", "ERR_LINK_CYCLE"];
