import { defaultEntryOf } from "./entries.js";
import { FrozenFile } from "./frozen-file.js";
/**
 * A file whose newer entries may be live while older ones, whose scans have expired, are only on disk: each entry is
 * taken from Redis when it is there, else from the disk.
 */
export class AutoFile {
    name;
    live = true;
    #live;
    #openDisk;
    /** `disk` opens the file when there is one; it may appear later. */
    constructor(live, disk) {
        this.name = live.name;
        this.#live = live;
        this.#openDisk = disk;
    }
    async version(options = {}) {
        const [live, disk] = await Promise.all([this.#live.version(options), this.#disk()]);
        return live + ((await disk?.version()) ?? 0);
    }
    async item(elements, options = {}) {
        const [entry] = elements;
        if (entry === undefined)
            return this.#root(options);
        if (await this.#live.item([entry], options))
            return this.#live.item(elements, options);
        return (await this.#disk())?.item(elements);
    }
    async remark(elements, options = {}) {
        return await this.#live.remark(elements, options);
    }
    async defaultEntry(options = {}) {
        const live = await this.#live.defaultEntry(options);
        if (live !== undefined)
            return live;
        const root = await this.#root(options);
        return defaultEntryOf(root, (name) => this.item([name], options), options);
    }
    /** What is only on disk first, then the live entries and those to come. */
    async *follow(options = {}) {
        await this.version(options);
        const root = await this.#root(options);
        const given = new Set();
        for (const name of await root.names(options)) {
            given.add(name);
            yield name;
        }
        for await (const name of this.#live.follow(options))
            if (!given.has(name))
                yield name;
    }
    async freeze(options = {}) {
        const [live, disk] = await Promise.all([this.#live.freeze(options), this.#disk()]);
        const root = await this.#root(options);
        const names = await root.names(options);
        const item = async (elements, option) => {
            const [entry] = elements;
            if (entry === undefined)
                return { ...root, names: async () => names };
            if (await live.item([entry], option))
                return live.item(elements, option);
            return disk?.item(elements);
        };
        return new FrozenFile({ name: this.name, item, defaultEntry: (option) => this.defaultEntry(option) }, live.moments);
    }
    async close() {
        await this.#live.close();
    }
    /** The file on disk; one that cannot be read (not yet, or no more) does not disturb the live entries. */
    async #disk() {
        try {
            return await this.#openDisk();
        }
        catch (error) {
            if (this.#live.isEmpty)
                throw error;
            return undefined;
        }
    }
    async #root(options) {
        const live = await this.#live.item([], options);
        const disk = await (await this.#disk())?.item([]);
        const groups = [disk, live].filter((item) => item?.kind === "group");
        return {
            kind: "group",
            async names(option) {
                const [onDisk, now] = [groups[0], groups[1]];
                if (!onDisk || !now)
                    return (await groups[0]?.names(option)) ?? [];
                const liveNames = await now.names(option);
                const isLive = new Set(liveNames);
                return [...(await onDisk.names(option)).filter((name) => !isLive.has(name)), ...liveNames];
            },
            async attributes(option) {
                const all = await Promise.all(groups.map((group) => group.attributes(option)));
                return new Map(all.flatMap((attributes) => [...attributes]));
            },
        };
    }
}
