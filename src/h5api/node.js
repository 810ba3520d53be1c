import { Attributes } from "./attributes.js";
/** What groups and datasets have in common. */
export class Node {
    /** The absolute path by which it was reached; links on the way are not replaced. */
    name;
    attrs;
    core;
    #located;
    #version;
    constructor(core, name, located, version) {
        this.core = core;
        this.name = name;
        this.#located = located;
        this.#version = version;
        this.attrs = new Attributes(async (options) => (await this.current(options)).item.attributes(options));
    }
    /** `FILE::PATH`, as it is written everywhere. */
    get location() {
        return `${this.core.name}::${this.name}`;
    }
    /** Absolute path of the file by which it was reached. */
    get filename() {
        return this.core.name;
    }
    /** Where the item itself lies, after all links: another file and path than its own where links led there. */
    get target() {
        return { filename: this.#located.view.name, path: this.#located.path };
    }
    /** What the path leads to now. */
    async current(options = {}) {
        const version = await this.core.version(options);
        // Other files have versions of their own: what lies there is looked up each time.
        if (version === this.#version && this.#located.view === this.core.view)
            return this.#located;
        this.#located = await this.core.resolve(this.name, options);
        this.#version = version;
        return this.#located;
    }
}
