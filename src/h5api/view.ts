import type { RawArray } from "../ndarray/raw.js";
import type { SignalOption } from "../stream/reading.js";
import type { DataSource } from "./data/source.js";
import type { FrozenFile } from "./frozen-file.js";

/** What lies at a path of one file; links are not followed. */
export type Item = GroupItem | DatasetItem | LinkItem | { readonly kind: "other"; readonly what: string };

export interface GroupItem {
  readonly kind: "group";
  /** Names of the members, in the order of the mapping or the file. */
  names(options?: SignalOption): Promise<readonly string[]>;
  attributes(options?: SignalOption): Promise<ReadonlyMap<string, RawArray>>;
  /** The same text for all names of one object, where one may have several (hard links). */
  identity?(): Promise<string>;
}

export interface DatasetItem {
  readonly kind: "dataset";
  readonly data: DataSource;
  attributes(options?: SignalOption): Promise<ReadonlyMap<string, RawArray>>;
  /** As of a group. */
  identity?(): Promise<string>;
}

export type LinkItem =
  | { readonly kind: "soft_link"; readonly target: string }
  | { readonly kind: "external_link"; readonly file: string; readonly path: string };

/** One file, live or on disk, as everything above sees it. */
export interface FileView {
  /** Absolute path of the file. */
  readonly name: string;
  readonly live: boolean;
  /** Looks for news; what was resolved under the same number is still right. */
  version(options?: SignalOption): Promise<number>;
  /** What lies at a path (given as its elements), as of the last look for news. */
  item(elements: readonly string[], options?: SignalOption): Promise<Item | undefined>;
  /** As `item`, where no link lies on the way and that is known at once; undefined where links have to be looked for. */
  straight?(
    elements: readonly string[],
    options?: SignalOption,
  ): Promise<GroupItem | DatasetItem | undefined>;
  /** Why a path leads to nothing, when more is known than that: the mapping has an item there that cannot be read. */
  remark?(elements: readonly string[], options?: SignalOption): Promise<string | undefined>;
  /** The entry that paths without one are looked for in; undefined when there is none. */
  defaultEntry(options?: SignalOption): Promise<string | undefined>;
  /** The names in the root that are there, then each new one as it comes; ends where nothing more can come. */
  follow(options?: SignalOption): AsyncIterableIterator<string>;
  /** The file as it is at this moment. */
  freeze(options?: SignalOption): Promise<FrozenFile>;
  close(): Promise<void>;
}
