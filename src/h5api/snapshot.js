import { childPath, splitPath } from "../mapping/paths.js";
import { FileCore } from "./core.js";
import { FrozenSource } from "./data/frozen-source.js";
import { textAttribute } from "./entries.js";
import { parentPath } from "./file-path.js";
import { Group } from "./group.js";
import { resolvePath } from "./resolve.js";
/**
 * A file as it was at one moment, for plots and tables: no call waits, every dataset has a fixed length, and the live
 * members of an NXdata group, and of `measurement`, have the same one. It is used like the file, and lives as long as it.
 */
export class Snapshot extends Group {
    /** Counts the different states of the file that were seen: two snapshots of one generation are the same. */
    generation;
    #moments;
    constructor(core, located, generation) {
        super(core, "/", located, 0);
        this.generation = generation;
        this.#moments = core.frozen.moments;
    }
    /** The live datasets that have grown since an earlier snapshot of the same file, in the order of the file. */
    grownSince(earlier) {
        const before = new Map(earlier.#moments.map(({ path, key, points }) => [`${key} ${path}`, points]));
        return this.#moments.flatMap(({ path, key, points }) => {
            const from = before.get(`${key} ${path}`) ?? 0;
            return points > from ? [{ path, from, to: points }] : [];
        });
    }
    toString() {
        return `<nxlive snapshot ${this.generation} of ${this.core.name}>`;
    }
    find(_path, full, options) {
        return this.core.fullPath(full, options);
    }
}
/** What the nodes of one snapshot share. */
export class SnapshotCore extends FileCore {
    frozen;
    #file;
    #others = new Map();
    #common = new Map();
    constructor(file, frozen, library, nodes) {
        super(frozen, library, nodes);
        this.frozen = frozen;
        this.#file = file;
    }
    assertOpen() {
        this.#file.assertOpen();
    }
    async resolve(path, options = {}) {
        const located = await resolvePath(this.view, path, this.follow, options);
        const { item } = located;
        if (item.kind !== "dataset" || !(item.data instanceof FrozenSource) || item.data.points === undefined)
            return located;
        const common = await this.#commonLength(parentPath(path), options);
        if (common === undefined)
            return located;
        return { ...located, item: { ...item, data: item.data.limitedTo(common) } };
    }
    /** Other files are frozen when they are first needed. */
    follow = (name, options) => {
        const known = this.#others.get(name);
        if (known)
            return known;
        const opening = this.library.follow(name, options).then((view) => view?.freeze(options));
        this.#others.set(name, opening);
        opening.catch(() => this.#others.delete(name));
        return opening;
    };
    /** The points that all live members of a group have; undefined for groups whose members need not go together. */
    #commonLength(group, options) {
        const known = this.#common.get(group) ?? this.#measure(group, options);
        this.#common.set(group, known);
        known.catch(() => this.#common.delete(group));
        return known;
    }
    async #measure(group, options) {
        const { item } = await resolvePath(this.view, group, this.follow, options);
        if (item.kind !== "group")
            return undefined;
        const isData = textAttribute(await item.attributes(options), "NX_class") === "NXdata";
        if (!isData && splitPath(group).at(-1) !== "measurement")
            return undefined;
        let common;
        for (const name of await item.names(options)) {
            const member = await resolvePath(this.view, childPath(group, name), this.follow, options).catch(() => undefined);
            const data = member?.item.kind === "dataset" ? member.item.data : undefined;
            if (!(data instanceof FrozenSource) || data.points === undefined)
                continue;
            // A stream that ended without a point never was part of the measurement.
            if (data.points === 0 && this.#endedEmpty(member?.path ?? ""))
                continue;
            common = Math.min(common ?? data.points, data.points);
        }
        return common;
    }
    #endedEmpty(path) {
        return this.frozen.moments.some((moment) => moment.path === path && moment.sealed && moment.points === 0);
    }
}
