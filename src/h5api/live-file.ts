import { joinPath } from "../mapping/paths.js";
import type { GroupNode } from "../mapping/tree.js";
import type { RawArray } from "../ndarray/raw.js";
import type { Scan } from "../scan/scan.js";
import type { DataStore } from "../scan/store.js";
import type { SignalOption } from "../stream/reading.js";
import { defaultEntryOf, textAttribute } from "./entries.js";
import { DuplicateEntryError } from "./errors.js";
import { followNames } from "./follow-names.js";
import { FrozenFile, momentsOf } from "./frozen-file.js";
import { itemOf, type LiveContext, nodeAt } from "./live-items.js";
import { LiveScans, type LoadedScan } from "./live-scans.js";
import { remarkOn } from "./remarks.js";
import type { DatasetItem, FileView, GroupItem, Item } from "./view.js";

const NX_ROOT: ReadonlyMap<string, RawArray> = new Map([
  ["NX_class", { dtype: "str", shape: [], data: ["NXroot"] }],
]);

/** The virtual file made of all scans in Redis that have its name. */
export class LiveFile implements FileView {
  readonly name: string;
  readonly live = true;
  readonly #store: DataStore;
  readonly #scans: LiveScans;
  readonly #context: LiveContext;

  constructor(store: DataStore, name: string, context: Omit<LiveContext, "file">) {
    this.name = name;
    this.#store = store;
    this.#scans = new LiveScans(store, name);
    this.#context = { ...context, file: name };
  }

  version(options: SignalOption = {}): Promise<number> {
    return this.#scans.look(options);
  }

  /** True when Redis has no scans of this name (any more), as of the last look. */
  get isEmpty(): boolean {
    return this.#scans.isEmpty;
  }

  async item(elements: readonly string[], options: SignalOption = {}): Promise<Item | undefined> {
    const [entry] = elements;
    if (entry === undefined) return this.#root();
    const [loaded, another] = await this.#scans.having(entry, options);
    if (loaded && another) throw duplicate(this.name, entry, [loaded.scan, another.scan]);
    return loaded?.tree && itemIn(loaded.tree, elements, loaded.scan, this.#context);
  }

  async straight(
    elements: readonly string[],
    options: SignalOption = {},
  ): Promise<GroupItem | DatasetItem | undefined> {
    // The groups of a tree lead to its nodes, links do not.
    const item = await this.item(elements, options);
    return item?.kind === "group" || item?.kind === "dataset" ? item : undefined;
  }

  async remark(elements: readonly string[], options: SignalOption = {}): Promise<string | undefined> {
    const [loaded] = await this.#scans.having(elements[0] ?? "", options);
    return loaded?.tree && remarkOn(loaded.scan, loaded.tree, this.name, joinPath(elements));
  }

  async defaultEntry(options: SignalOption = {}): Promise<string | undefined> {
    const newest = await this.#scans.newest(options);
    if (!newest?.tree) return undefined;
    const chosen = textAttribute(newest.tree.attributes, "default");
    if (chosen) return defaultEntryOf(this.#root(), (name) => this.item([name], options), options);
    const names = [...newest.tree.children.keys()];
    const entry = names.find((name) => isEntry(newest, name));
    return entry ?? names[0];
  }

  async *follow(options: SignalOption = {}): AsyncGenerator<string, undefined, undefined> {
    const there = async () => {
      await this.#scans.look(options);
      const names = await this.#scans.names(options);
      const open = await this.#scans.open(options);
      return { names, open: open.map(({ scan }) => scan), timetag: this.#scans.timetag };
    };
    const wait = this.#context.waits.begin(options.signal);
    try {
      yield* followNames(this.#store, this.name, there, wait);
    } finally {
      wait.end();
    }
  }

  async freeze(options: SignalOption = {}): Promise<FrozenFile> {
    await this.#scans.look(options);
    const names = await this.#scans.names(options);
    await this.#scans.open(options);
    const { loaded } = this.#scans;
    const attributes = await this.#root().attributes(options);
    const root: GroupItem = { kind: "group", names: async () => names, attributes: async () => attributes };
    const defaultEntry = await this.defaultEntry(options);
    const item: FileView["item"] = async (elements, option) => {
      const [entry] = elements;
      if (entry === undefined) return root;
      if (!names.includes(entry)) return undefined;
      const [owner, another] = loaded.filter(({ tree }) => tree?.children.has(entry));
      // Scans that are not in memory are closed: they do not change.
      if (!owner?.tree || another) return this.item(elements, option);
      return itemIn(owner.tree, elements, owner.scan, this.#context);
    };
    const moments = await momentsOf(loaded, options);
    return new FrozenFile({ name: this.name, item, defaultEntry: async () => defaultEntry }, moments);
  }

  async close(): Promise<void> {}

  #root(): GroupItem {
    return {
      kind: "group",
      names: (options) => this.#scans.names(options),
      attributes: async (options) => {
        const newest = await this.#scans.newest(options);
        return new Map([...NX_ROOT, ...(newest?.tree?.attributes ?? [])]);
      },
    };
  }
}

/** The virtual file of a single scan, whatever else is in the file of that name. */
export class ScanFile implements FileView {
  readonly name: string;
  readonly live = true;
  readonly #scan: Scan;
  readonly #treeOf: (scan: Scan, options: SignalOption) => Promise<GroupNode | undefined>;
  readonly #context: LiveContext;
  #tree: GroupNode | undefined;
  #version = 0;

  constructor(
    scan: Scan,
    treeOf: (scan: Scan, options: SignalOption) => Promise<GroupNode | undefined>,
    context: Omit<LiveContext, "file">,
  ) {
    this.name = scan.id.path ?? scan.key;
    this.#scan = scan;
    this.#treeOf = treeOf;
    this.#context = { ...context, file: this.name };
  }

  async version(options: SignalOption = {}): Promise<number> {
    const changed = await this.#scan.update(options);
    if (changed || this.#version === 0) {
      this.#tree = await this.#treeOf(this.#scan, options);
      this.#version++;
    }
    return this.#version;
  }

  async item(elements: readonly string[]): Promise<Item | undefined> {
    if (!this.#tree) return elements.length === 0 ? emptyRoot() : undefined;
    return itemIn(this.#tree, elements, this.#scan, this.#context);
  }

  async remark(elements: readonly string[]): Promise<string | undefined> {
    return this.#tree && remarkOn(this.#scan, this.#tree, this.name, joinPath(elements));
  }

  async defaultEntry(options: SignalOption = {}): Promise<string | undefined> {
    const root = await this.item([]);
    return root?.kind === "group" ? defaultEntryOf(root, (name) => this.item([name]), options) : undefined;
  }

  /** The names that are there, then those that come with later states, to the scan's end. */
  async *follow(options: SignalOption = {}): AsyncGenerator<string, undefined, undefined> {
    const given = new Set<string>();
    const wait = this.#context.waits.begin(options.signal);
    try {
      for await (const _ of this.#scan.states(wait)) {
        const tree = await this.#treeOf(this.#scan, wait);
        for (const name of tree?.children.keys() ?? []) {
          if (!given.has(name)) yield name;
          given.add(name);
        }
      }
    } finally {
      wait.end();
    }
  }

  async freeze(options: SignalOption = {}): Promise<FrozenFile> {
    await this.version(options);
    const [tree, scan, context] = [this.#tree, this.#scan, this.#context];
    const item: FileView["item"] = async (elements) =>
      tree ? itemIn(tree, elements, scan, context) : elements.length === 0 ? emptyRoot() : undefined;
    const defaultEntry = await this.defaultEntry(options);
    const moments = await momentsOf([{ scan, tree }], options);
    return new FrozenFile({ name: this.name, item, defaultEntry: async () => defaultEntry }, moments);
  }

  async close(): Promise<void> {}
}

function emptyRoot(): GroupItem {
  return { kind: "group", names: async () => [], attributes: async () => NX_ROOT };
}

function itemIn(
  tree: GroupNode,
  elements: readonly string[],
  scan: Scan,
  context: LiveContext,
): Item | undefined {
  const node = nodeAt(tree, elements);
  const item = node && itemOf(node, joinPath(elements), scan, context);
  if (elements.length > 0 || item?.kind !== "group") return item;
  return { ...item, attributes: async () => new Map([...NX_ROOT, ...tree.attributes]) };
}

function isEntry({ tree }: LoadedScan, name: string): boolean {
  const node = tree?.children.get(name);
  return node?.kind === "group" && textAttribute(node.attributes, "NX_class") === "NXentry";
}

function duplicate(file: string, entry: string, scans: readonly Scan[]): DuplicateEntryError {
  const keys = scans.map((scan) => scan.key).join(" and ");
  return new DuplicateEntryError(
    `${file}::/${entry} belongs to more than one scan (${keys}): open one of them with File.ofScan(scan).`,
    { path: `${file}::/${entry}` },
  );
}
