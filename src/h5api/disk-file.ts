import { openHdf5Reader } from "../hdf5/reader.js";
import type { Hdf5Reader } from "../hdf5/reader-api.js";
import { joinPath } from "../mapping/paths.js";
import type { SignalOption } from "../stream/reading.js";
import { diskSource } from "./data/disk-source.js";
import { defaultEntryOf } from "./entries.js";
import { FrozenFile } from "./frozen-file.js";
import type { FileView, GroupItem, Item } from "./view.js";

/** A file on disk. What others write into it meanwhile is seen on the next access. */
export class DiskFile implements FileView {
  readonly live = false;
  readonly #reader: Hdf5Reader;

  constructor(reader: Hdf5Reader) {
    this.#reader = reader;
  }

  /** Errors: FileAccessError, NotHdf5Error. */
  static async open(path: string): Promise<DiskFile> {
    return new DiskFile(await openHdf5Reader(path));
  }

  get name(): string {
    return this.#reader.path;
  }

  version(): Promise<number> {
    return this.#reader.refresh();
  }

  async item(elements: readonly string[]): Promise<Item | undefined> {
    const reader = this.#reader;
    const path = joinPath(elements);
    const found = await reader.describe(path);
    const attributes = () => reader.attributes(path);
    const identity = () => reader.identity(path);
    if (found?.kind === "group")
      return { kind: "group", names: () => reader.list(path), attributes, identity };
    if (found?.kind === "dataset")
      return { kind: "dataset", data: diskSource(reader, path, found), attributes, identity };
    return found;
  }

  async defaultEntry(options: SignalOption = {}): Promise<string | undefined> {
    return defaultEntryOf(this.#root(), (name) => this.item([name]), options);
  }

  async *follow(): AsyncGenerator<string, undefined, undefined> {
    await this.#reader.refresh();
    yield* await this.#reader.list("/");
  }

  async freeze(): Promise<FrozenFile> {
    await this.#reader.refresh();
    const names = await this.#reader.list("/");
    const root: GroupItem = { ...this.#root(), names: async () => names };
    return new FrozenFile(
      {
        name: this.name,
        item: async (elements) => (elements.length === 0 ? root : this.item(elements)),
        defaultEntry: (options) => this.defaultEntry(options),
      },
      [],
    );
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  #root(): GroupItem {
    return {
      kind: "group",
      names: () => this.#reader.list("/"),
      attributes: () => this.#reader.attributes("/"),
      identity: () => this.#reader.identity("/"),
    };
  }
}
