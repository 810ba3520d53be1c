import { ClosedError, isNxliveError } from "../errors.js";
import { joinPath, splitPath } from "../mapping/paths.js";
import type { SignalOption } from "../stream/reading.js";
import type { Dataset } from "./dataset.js";
import type { Group } from "./group.js";
import type { Library } from "./library.js";
import { type Located, resolvePath } from "./resolve.js";
import type { DatasetItem, FileView, GroupItem, Item } from "./view.js";

/** Makes the objects that users see (given by the file, so that modules need not import each other in circles). */
export interface NodeFactory {
  group(core: FileCore, path: string, located: Located & { item: GroupItem }, version: number): Group;
  dataset(core: FileCore, path: string, located: Located & { item: DatasetItem }, version: number): Dataset;
}

/** What the nodes of one open file share. */
export class FileCore {
  readonly view: FileView;
  readonly library: Library;
  readonly #nodes: NodeFactory;
  #open: boolean = true;

  constructor(view: FileView, library: Library, nodes: NodeFactory) {
    this.view = view;
    this.library = library;
    this.#nodes = nodes;
  }

  get name(): string {
    return this.view.name;
  }

  get closed(): boolean {
    return !this.#open;
  }

  assertOpen(): void {
    if (!this.#open) throw this.#closedError();
  }

  /** Looks for news in the file. All else here is as of the last look. */
  version(options: SignalOption = {}): Promise<number> {
    this.assertOpen();
    options.signal?.throwIfAborted();
    return this.view.version(options);
  }

  /** What a path leads to. */
  resolve(path: string, options: SignalOption = {}): Promise<Located> {
    return resolvePath(this.view, path, this.follow, options);
  }

  /** Where external links lead. */
  protected readonly follow = (name: string, options: SignalOption): Promise<FileView | undefined> =>
    this.library.follow(name, options);

  /** The group or dataset at a full path; `version` is that of the last look. */
  async open(path: string, version: number, options: SignalOption = {}): Promise<Group | Dataset> {
    const located = await this.resolve(path, options);
    const { item } = located;
    return item.kind === "group"
      ? this.#nodes.group(this, path, { ...located, item }, version)
      : this.#nodes.dataset(this, path, { ...located, item }, version);
  }

  /** The full path that a path stands for: itself when it is there, else the one in the default entry. */
  async fullPath(path: string, options: SignalOption = {}): Promise<string> {
    const elements = splitPath(path);
    const [first] = elements;
    if (first === undefined || (await this.view.item([first], options))) return joinPath(elements);
    const entry = await this.view.defaultEntry(options);
    if (entry === undefined) return joinPath(elements);
    const inEntry = joinPath([...splitPath(entry), ...elements]);
    const [parent] = await Promise.allSettled([
      this.resolve(joinPath([...splitPath(entry), first]), options),
    ]);
    return parent.status === "fulfilled" || !isNxliveError(parent.reason, "ERR_PATH_NOT_FOUND")
      ? inEntry
      : joinPath(elements);
  }

  /** What lies at a path itself: a link is not followed, those before it are. */
  async itemAt(path: string, options: SignalOption = {}): Promise<{ item: Item | undefined; path: string }> {
    const elements = splitPath(path);
    const last = elements.pop();
    if (last === undefined) return { item: (await this.resolve("/", options)).item, path: "/" };
    const parent = await this.resolve(joinPath(elements), options);
    const own = [...splitPath(parent.path), last];
    return { item: await parent.view.item(own, options), path: joinPath(own) };
  }

  #closedError(): ClosedError {
    return new ClosedError(`${this.name} is closed.`, { path: this.name });
  }

  /** Waits under way end with a ClosedError. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.library.close(() => this.#closedError());
  }
}
