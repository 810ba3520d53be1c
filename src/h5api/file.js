import { resolve } from "node:path";
import { FileCore } from "./core.js";
import { Dataset } from "./dataset.js";
import { FileNotFoundError } from "./errors.js";
import { Group } from "./group.js";
import { Library } from "./library.js";
import { Snapshot, SnapshotCore } from "./snapshot.js";
const NODES = {
    group: (...args) => new Group(...args),
    dataset: (...args) => new Dataset(...args),
};
/**
 * A file of scans: live while it is measured, and the same file afterwards on disk. Reading it needs no locks and never
 * disturbs its writers.
 * @example
 * await using file = await File.open("/data/demo.h5", { store });
 * await file.get("/instrument/diode").slice(0, 10);
 */
export class File extends Group {
    #state = "";
    #generation = 0;
    /** Errors: FileNotFoundError; FileAccessError or NotHdf5Error for files on disk. */
    static async open(name, options = {}) {
        const { store, mode = "auto" } = options;
        const library = new Library(store);
        const path = resolve(name);
        const view = await library.open(path, mode, options);
        if (!view)
            throw notFound(path, mode, store);
        return File.#of(new FileCore(view, library, NODES), options);
    }
    /** The file of one scan alone. With a store, links to other live files work too. */
    static async ofScan(scan, options = {}) {
        const library = new Library(options.store);
        return File.#of(new FileCore(library.ofScan(scan), library, NODES), options);
    }
    static async #of(core, options) {
        try {
            const version = await core.version(options);
            const located = await core.resolve("/", options);
            const { item } = located;
            if (item.kind !== "group")
                throw new FileNotFoundError(`${core.name} has no root group.`);
            return new File(core, "/", { ...located, item }, version);
        }
        catch (error) {
            await core.close();
            throw error;
        }
    }
    /** True when its data come from Redis (some of them at least). */
    get live() {
        return this.core.view.live;
    }
    /**
     * The file as it is at this moment: every dataset has a fixed length in it, the members of one NXdata (and of
     * `measurement`) a common one. Cheap: only lengths are asked for, together.
     */
    async snapshot(options = {}) {
        this.core.assertOpen();
        const frozen = await this.core.view.freeze(options);
        const version = await this.core.version(options);
        const state = JSON.stringify([
            version,
            frozen.moments.map(({ path, key, points }) => [path, key, points]),
        ]);
        if (state !== this.#state)
            this.#generation++;
        this.#state = state;
        const core = new SnapshotCore(this.core, frozen, this.core.library, NODES);
        const { item, ...located } = await core.resolve("/", options);
        if (item.kind !== "group")
            throw new FileNotFoundError(`${core.name} has no root group.`);
        return new Snapshot(core, { ...located, item }, this.#generation);
    }
    /** Idempotent. Groups and datasets of the file cannot be used afterwards (ClosedError). */
    close() {
        return this.core.close();
    }
    [Symbol.asyncDispose]() {
        return this.close();
    }
    /**
     * The names in the root: those that are there, then, in a live file, each new one as scans come, for ever. `keys()`
     * is the list of the moment.
     */
    [Symbol.asyncIterator]() {
        return this.names();
    }
    /** As iterating the file, with a signal to end it. */
    names(options = {}) {
        this.core.assertOpen();
        return this.core.view.follow(options);
    }
    toString() {
        return `<nxlive file "${this.core.name}"${this.live ? " (live)" : ""}>`;
    }
    /** Paths without an entry are looked for in the default entry, when the root does not have them. */
    find(_path, full, options) {
        return this.core.fullPath(full, options);
    }
}
function notFound(path, mode, store) {
    const places = [
        ...(store && mode !== "disk" ? [`no scan at ${store.url} is saved there`] : []),
        ...(mode !== "live" ? ["there is no such file on disk"] : []),
        ...(!store && mode !== "disk" ? ["no store was given to look for live scans"] : []),
    ];
    return new FileNotFoundError(`${path} does not exist: ${places.join(", and ")}.`, { path });
}
