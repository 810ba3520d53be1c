import { existsSync } from "node:fs";
import { isNxliveError } from "../errors.js";
import { AutoFile } from "./auto-file.js";
import { DiskFile } from "./disk-file.js";
import { LiveFile, ScanFile } from "./live-file.js";
import { resolvePath } from "./resolve.js";
import { treeOf } from "./scan-trees.js";
/** The files that one open file leads to, each opened once; closed together. */
export class Library {
    #store;
    #views = new Map();
    #disk = new Map();
    constructor(store) {
        this.#store = store;
    }
    /** Undefined when there is no such file in that mode. */
    async open(name, mode, options = {}) {
        const store = this.#store;
        if (mode === "disk" || !store)
            return this.#openDisk(name);
        const known = this.#views.get(name);
        if (known)
            return known;
        const live = this.#liveFile(store, name, mode);
        await live.version(options);
        if (live.isEmpty && (mode === "live" || !existsSync(name)))
            return undefined;
        const view = mode === "live" ? live : new AutoFile(live, () => this.#openDisk(name));
        this.#views.set(name, view);
        return view;
    }
    /** The virtual file of one scan. */
    ofScan(scan) {
        const name = scan.id.path;
        return new ScanFile(scan, treeOf, {
            ...(name !== null && {
                onDisk: (path, options) => this.#onDisk(name, path, options),
            }),
            find: this.find,
        });
    }
    /** Where external links lead: to the scans of that name, else to the file. */
    follow = (name, options) => this.open(name, "auto", options);
    /** A dataset in any file, through links; undefined when it, or its file, does not exist. */
    find = async (file, path, options) => {
        const view = await this.follow(file, options);
        return view && this.#datasetAt(view, path, options);
    };
    async close() {
        const files = await Promise.allSettled(this.#disk.values());
        this.#disk.clear();
        this.#views.clear();
        for (const file of files)
            if (file.status === "fulfilled")
                await file.value.close();
    }
    #liveFile(store, name, mode) {
        return new LiveFile(store, name, {
            ...(mode === "auto" && {
                onDisk: (path, options) => this.#onDisk(name, path, options),
            }),
            find: this.find,
        });
    }
    async #onDisk(name, path, options) {
        const view = await this.#openDisk(name);
        return view && this.#datasetAt(view, path, options);
    }
    async #datasetAt(view, path, options) {
        await view.version(options);
        try {
            const { item } = await resolvePath(view, path, this.follow, options);
            return item.kind === "dataset" ? item.data : undefined;
        }
        catch (error) {
            if (MISSING.some((code) => isNxliveError(error, code)))
                return undefined;
            throw error;
        }
    }
    async #openDisk(name) {
        if (!existsSync(name))
            return undefined;
        const opening = this.#disk.get(name) ?? DiskFile.open(name);
        this.#disk.set(name, opening);
        opening.catch(() => this.#disk.delete(name));
        return opening;
    }
}
const MISSING = ["ERR_PATH_NOT_FOUND", "ERR_BROKEN_LINK", "ERR_LINK_CYCLE"];
