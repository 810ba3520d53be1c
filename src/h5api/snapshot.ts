import { childPath, splitPath } from "../mapping/paths.js";
import type { SignalOption } from "../stream/reading.js";
import { abortable } from "../waiting.js";
import { FileCore, type NodeFactory } from "./core.js";
import { FrozenSource } from "./data/frozen-source.js";
import { textAttribute } from "./entries.js";
import { parentPath } from "./file-path.js";
import type { FrozenFile, StreamMoment } from "./frozen-file.js";
import { Group } from "./group.js";
import type { Library } from "./library.js";
import { type Located, resolvePath } from "./resolve.js";
import type { FileView, GroupItem } from "./view.js";

/** A dataset that has more points than in an earlier snapshot. */
export interface GrownDataset {
  readonly path: string;
  /** Points in the earlier snapshot; 0 when it did not have the dataset. */
  readonly from: number;
  readonly to: number;
}

/**
 * A file as it was at one moment, for plots and tables: no call waits, every dataset has a fixed length, and the live
 * members of an NXdata group, and of `measurement`, have the same one. It is used like the file, and lives as long as it.
 */
export class Snapshot extends Group {
  /** Counts the different states of the file that were seen: two snapshots of one generation are the same. */
  readonly generation: number;
  readonly #moments: readonly StreamMoment[];

  constructor(core: SnapshotCore, located: Located & { item: GroupItem }, generation: number) {
    super(core, "/", located, 0);
    this.generation = generation;
    this.#moments = core.frozen.moments;
  }

  /** The live datasets that have grown since an earlier snapshot of the same file, in the order of the file. */
  grownSince(earlier: Snapshot): GrownDataset[] {
    const before = new Map(earlier.#moments.map(({ path, key, points }) => [`${key} ${path}`, points]));
    return this.#moments.flatMap(({ path, key, points }) => {
      const from = before.get(`${key} ${path}`) ?? 0;
      return points > from ? [{ path, from, to: points }] : [];
    });
  }

  override toString(): string {
    return `<nxlive snapshot ${this.generation} of ${this.core.name}>`;
  }

  protected override find(_path: string, full: string, options: SignalOption): Promise<string> {
    return this.core.fullPath(full, options);
  }
}

/** What the nodes of one snapshot share. */
export class SnapshotCore extends FileCore {
  readonly frozen: FrozenFile;
  readonly #file: FileCore;
  readonly #others = new Map<string, Promise<FileView | undefined>>();
  readonly #common = new Map<string, Promise<number | undefined>>();

  constructor(file: FileCore, frozen: FrozenFile, library: Library, nodes: NodeFactory) {
    super(frozen, library, nodes);
    this.frozen = frozen;
    this.#file = file;
  }

  override assertOpen(): void {
    this.#file.assertOpen();
  }

  override async resolve(path: string, options: SignalOption = {}): Promise<Located> {
    const located = await resolvePath(this.view, path, this.follow, options);
    const { item } = located;
    if (item.kind !== "dataset" || !(item.data instanceof FrozenSource) || item.data.points === undefined)
      return located;
    const common = await this.#commonLength(parentPath(path), options);
    if (common === undefined) return located;
    return { ...located, item: { ...item, data: item.data.limitedTo(common) } };
  }

  /** Other files are frozen when they are first needed. */
  protected override readonly follow = (
    name: string,
    options: SignalOption,
  ): Promise<FileView | undefined> => {
    // What several callers share does not end with the signal of one.
    const opening = this.#others.get(name) ?? this.library.follow(name, {}).then((view) => view?.freeze());
    this.#others.set(name, opening);
    opening.catch(() => this.#others.delete(name));
    return abortable(opening, options.signal);
  };

  /** The points that all live members of a group have; undefined for groups whose members need not go together. */
  #commonLength(group: string, options: SignalOption): Promise<number | undefined> {
    const known = this.#common.get(group) ?? this.#measure(group);
    this.#common.set(group, known);
    known.catch(() => this.#common.delete(group));
    return abortable(known, options.signal);
  }

  async #measure(group: string): Promise<number | undefined> {
    const { item } = await resolvePath(this.view, group, this.follow);
    if (item.kind !== "group") return undefined;
    const isData = textAttribute(await item.attributes(), "NX_class") === "NXdata";
    if (!isData && splitPath(group).at(-1) !== "measurement") return undefined;
    let common: number | undefined;
    for (const name of await item.names()) {
      const member = await resolvePath(this.view, childPath(group, name), this.follow).catch(() => undefined);
      const data = member?.item.kind === "dataset" ? member.item.data : undefined;
      if (!(data instanceof FrozenSource) || data.points === undefined) continue;
      // A stream that ended without a point never was part of the measurement.
      if (data.points === 0 && this.#endedEmpty(member?.path ?? "")) continue;
      common = Math.min(common ?? data.points, data.points);
    }
    return common;
  }

  #endedEmpty(path: string): boolean {
    return this.frozen.moments.some((moment) => moment.path === path && moment.sealed && moment.points === 0);
  }
}
