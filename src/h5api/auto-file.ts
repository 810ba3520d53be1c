import type { RawArray } from "../ndarray/raw.js";
import type { SignalOption } from "../stream/reading.js";
import type { DiskFile } from "./disk-file.js";
import { defaultEntryOf } from "./entries.js";
import { FrozenFile } from "./frozen-file.js";
import type { LiveFile } from "./live-file.js";
import type { DatasetItem, FileView, GroupItem, Item } from "./view.js";

/**
 * A file whose newer entries may be live while older ones, whose scans have expired, are only on disk: each entry is
 * taken from Redis when it is there, else from the disk.
 */
export class AutoFile implements FileView {
  readonly name: string;
  readonly #live: LiveFile;
  readonly #openDisk: () => Promise<DiskFile | undefined>;

  /** `disk` opens the file when there is one; it may appear later. */
  constructor(live: LiveFile, disk: () => Promise<DiskFile | undefined>) {
    this.name = live.name;
    this.#live = live;
    this.#openDisk = disk;
  }

  get live(): boolean {
    return !this.#live.isEmpty;
  }

  async version(options: SignalOption = {}): Promise<number> {
    const [live, disk] = await Promise.all([this.#live.version(options), this.#disk()]);
    return live + ((await disk?.version()) ?? 0);
  }

  async item(elements: readonly string[], options: SignalOption = {}): Promise<Item | undefined> {
    const [entry] = elements;
    if (entry === undefined) return this.#root(options);
    const live = await this.#live.item(elements, options);
    if (live || (elements.length > 1 && (await this.#live.item([entry], options)))) return live;
    return (await this.#disk())?.item(elements);
  }

  async straight(
    elements: readonly string[],
    options: SignalOption = {},
  ): Promise<GroupItem | DatasetItem | undefined> {
    return elements.length === 0 ? this.#root(options) : this.#live.straight(elements, options);
  }

  async remark(elements: readonly string[], options: SignalOption = {}): Promise<string | undefined> {
    return await this.#live.remark(elements, options);
  }

  async defaultEntry(options: SignalOption = {}): Promise<string | undefined> {
    const live = await this.#live.defaultEntry(options);
    if (live !== undefined) return live;
    const root = await this.#root(options);
    return defaultEntryOf(root, (name) => this.item([name], options), options);
  }

  /** What is only on disk first, then the live entries and those to come; without any live scan it ends. */
  async *follow(options: SignalOption = {}): AsyncGenerator<string, undefined, undefined> {
    await this.version(options);
    const root = await this.#root(options);
    const given = new Set<string>();
    for (const name of await root.names(options)) {
      given.add(name);
      yield name;
    }
    if (!this.live) return;
    for await (const name of this.#live.follow(options)) if (!given.has(name)) yield name;
  }

  async freeze(options: SignalOption = {}): Promise<FrozenFile> {
    const [live, disk] = await Promise.all([this.#live.freeze(options), this.#disk()]);
    const root = await this.#root(options);
    const names = await root.names(options);
    const item: FileView["item"] = async (elements, option) => {
      const [entry] = elements;
      if (entry === undefined) return { ...root, names: async () => names };
      if (await live.item([entry], option)) return live.item(elements, option);
      return disk?.item(elements);
    };
    return new FrozenFile(
      { name: this.name, item, defaultEntry: (option) => this.defaultEntry(option) },
      live.moments,
    );
  }

  async close(): Promise<void> {
    await this.#live.close();
  }

  /** The file on disk; one that cannot be read (not yet, or no more) does not disturb the live entries. */
  async #disk(): Promise<DiskFile | undefined> {
    try {
      return await this.#openDisk();
    } catch (error) {
      if (this.#live.isEmpty) throw error;
      return undefined;
    }
  }

  async #root(options: SignalOption): Promise<GroupItem> {
    const live = await this.#live.item([], options);
    const disk = await (await this.#disk())?.item([]);
    const groups = [disk, live].filter((item): item is GroupItem => item?.kind === "group");
    return {
      kind: "group",
      async names(option) {
        const [onDisk, now] = [groups[0], groups[1]];
        if (!onDisk || !now) return (await groups[0]?.names(option)) ?? [];
        const liveNames = await now.names(option);
        const isLive = new Set(liveNames);
        return [...(await onDisk.names(option)).filter((name) => !isLive.has(name)), ...liveNames];
      },
      async attributes(option) {
        const all = await Promise.all(groups.map((group) => group.attributes(option)));
        return new Map<string, RawArray>(all.flatMap((attributes) => [...attributes]));
      },
    };
  }
}
