import { stat } from "node:fs/promises";
import { openHdf5Reader } from "../hdf5/reader.js";
import { joinPath } from "../mapping/paths.js";
import { diskSource } from "./data/disk-source.js";
import { defaultEntryOf } from "./entries.js";
import { FrozenFile } from "./frozen-file.js";
const FRESH_MS = 3_000;
/** A file on disk. What others write into it meanwhile is seen on the next access. */
export class DiskFile {
    live = false;
    #reader;
    #version = 0;
    #stamp = "";
    constructor(reader) {
        this.#reader = reader;
    }
    /** Errors: FileAccessError, NotHdf5Error. */
    static async open(path) {
        return new DiskFile(await openHdf5Reader(path));
    }
    get name() {
        return this.#reader.path;
    }
    async version() {
        await this.#reader.refresh();
        const stats = await stat(this.name, { bigint: true }).catch(() => undefined);
        const stamp = stats ? `${stats.ino} ${stats.size} ${stats.mtimeNs}` : "gone";
        // Time stamps are coarse: a file that changed a moment ago may have changed again.
        const fresh = stats !== undefined && Date.now() - Number(stats.mtimeMs) < FRESH_MS;
        if (stamp !== this.#stamp || fresh)
            this.#version++;
        this.#stamp = stamp;
        return this.#version;
    }
    async item(elements) {
        const reader = this.#reader;
        const path = joinPath(elements);
        const found = await reader.describe(path);
        const attributes = () => reader.attributes(path);
        if (found?.kind === "group")
            return { kind: "group", names: () => reader.list(path), attributes };
        if (found?.kind === "dataset")
            return { kind: "dataset", data: diskSource(reader, path, found), attributes };
        return found;
    }
    async defaultEntry(options = {}) {
        return defaultEntryOf(this.#root(), (name) => this.item([name]), options);
    }
    async *follow() {
        await this.#reader.refresh();
        yield* await this.#reader.list("/");
    }
    async freeze() {
        await this.#reader.refresh();
        const names = await this.#reader.list("/");
        const root = { ...this.#root(), names: async () => names };
        return new FrozenFile({
            name: this.name,
            item: async (elements) => (elements.length === 0 ? root : this.item(elements)),
            defaultEntry: (options) => this.defaultEntry(options),
        }, []);
    }
    close() {
        return this.#reader.close();
    }
    #root() {
        return {
            kind: "group",
            names: () => this.#reader.list("/"),
            attributes: () => this.#reader.attributes("/"),
        };
    }
}
