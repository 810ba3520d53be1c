var _a;
import { isNxliveError } from "../errors.js";
import { childPath } from "../mapping/paths.js";
import { PathNotFoundError, WrongKindError } from "./errors.js";
import { parentPath, pathFrom } from "./file-path.js";
import { ExternalLink, HardLink, SoftLink } from "./links.js";
import { Node } from "./node.js";
import { Reference } from "./reference.js";
import { signalOf } from "./signal.js";
/** A group, live or on disk. Its members are those of the moment of each call, in the order of the mapping or file. */
export class Group extends Node {
    kind = "group";
    constructor(core, path, located, version) {
        super(core, path, located, version);
    }
    /** The group that it was reached through; the root's parent is itself. */
    get parent() {
        return this.get(parentPath(this.name));
    }
    get(path, options = {}) {
        const full = pathFrom(this.name, path);
        if (options.link)
            return this.#link(full, options);
        const find = () => this.find(path, full, options);
        return new Reference(async () => this.core.open(await find(), options));
    }
    /** True when there is something of that path, or a link (as in h5py, it may lead nowhere). */
    async has(path, options = {}) {
        try {
            const found = await this.find(path, pathFrom(this.name, path), options);
            return (await this.core.itemAt(found, options)).item !== undefined;
        }
        catch (error) {
            if (MISSING.some((code) => isNxliveError(error, code)))
                return false;
            throw error;
        }
    }
    async keys(options = {}) {
        const group = await this.#item(options);
        return [...(await group.names(options))];
    }
    /** The members; undefined for links that lead nowhere. */
    async values(options = {}) {
        return (await this.items(options)).map(([, node]) => node);
    }
    /** Names and members; undefined for links that lead nowhere. */
    async items(options = {}) {
        const items = [];
        for (const name of await this.keys(options))
            items.push([name, await this.#member(name, options)]);
        return items;
    }
    /** The number of members. */
    async length(options = {}) {
        return (await this.keys(options)).length;
    }
    /**
     * Calls back for everything below this group, with paths relative to it; links are not followed. Ends with the first
     * result that is not undefined, and gives it.
     */
    async visit(visitor, options = {}) {
        return this.#visit("", visitor, options);
    }
    /** Part of the default signal: the NeXus `signal`, else the member `data`, else `value`. See `Dataset.slice`. */
    async slice(...args) {
        return (await this.signal()).slice(...args);
    }
    /** The dataset that slicing this group slices. Error: WrongKindError when there is none. */
    async signal(options = {}) {
        return signalOf(this.core, this.name, options);
    }
    [Symbol.asyncIterator]() {
        return this.#names();
    }
    toString() {
        return `<nxlive group "${this.name}" in ${this.core.name}>`;
    }
    /** The full path of what was asked for; only files look into their default entry. */
    async find(path, full, options) {
        return path.startsWith("/") ? this.core.fullPath(full, options) : full;
    }
    async *#names() {
        yield* await this.keys();
    }
    async #item(options) {
        const { item } = await this.current(options);
        if (item.kind === "group")
            return item;
        throw new WrongKindError(`${this.location} is no longer a group.`, { path: this.location });
    }
    async #member(name, options) {
        try {
            return await this.core.open(childPath(this.name, name), options);
        }
        catch (error) {
            if (MISSING.some((code) => isNxliveError(error, code)))
                return undefined;
            throw error;
        }
    }
    async #link(full, options) {
        const path = await this.core.fullPath(full, options);
        const { item } = await this.core.itemAt(path, options);
        if (item?.kind === "soft_link")
            return new SoftLink(item.target);
        if (item?.kind === "external_link")
            return new ExternalLink(item.file, item.path);
        if (item)
            return new HardLink();
        const location = `${this.core.name}::${path}`;
        throw new PathNotFoundError(`${location}: there is nothing of that name.`, { path: location });
    }
    async #visit(prefix, visitor, options) {
        for (const name of await this.keys(options)) {
            options.signal?.throwIfAborted();
            const full = childPath(this.name, name);
            const { item } = await this.core.itemAt(full, options);
            if (item?.kind !== "group" && item?.kind !== "dataset")
                continue;
            const node = await this.core.open(full, options);
            const below = prefix + name;
            const result = (await visitor(below, node)) ??
                (node instanceof _a ? await node.#visit(`${below}/`, visitor, options) : undefined);
            if (result !== undefined)
                return result;
        }
        return undefined;
    }
}
_a = Group;
const MISSING = ["ERR_PATH_NOT_FOUND", "ERR_BROKEN_LINK", "ERR_LINK_CYCLE"];
