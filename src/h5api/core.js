import { ClosedError, isNxliveError } from "../errors.js";
import { joinPath, splitPath } from "../mapping/paths.js";
import { resolvePath } from "./resolve.js";
/** What the nodes of one open file share. */
export class FileCore {
    view;
    library;
    #nodes;
    #open = true;
    constructor(view, library, nodes) {
        this.view = view;
        this.library = library;
        this.#nodes = nodes;
    }
    get name() {
        return this.view.name;
    }
    get closed() {
        return !this.#open;
    }
    assertOpen() {
        if (!this.#open)
            throw new ClosedError(`${this.name} is closed.`, { path: this.name });
    }
    /** Looks for news in the file. */
    async version(options = {}) {
        this.assertOpen();
        options.signal?.throwIfAborted();
        return this.view.version(options);
    }
    /** What a path leads to now. */
    async locate(path, options = {}) {
        await this.version(options);
        return this.resolve(path, options);
    }
    /** As `locate`, without looking for news. */
    resolve(path, options = {}) {
        return resolvePath(this.view, path, this.follow, options);
    }
    /** Where external links lead. */
    follow = (name, options) => this.library.follow(name, options);
    /** The group or dataset at a full path. */
    async open(path, options = {}) {
        const version = await this.version(options);
        const located = await this.resolve(path, options);
        const { item } = located;
        return item.kind === "group"
            ? this.#nodes.group(this, path, { ...located, item }, version)
            : this.#nodes.dataset(this, path, { ...located, item }, version);
    }
    /** The full path that a path stands for: itself when it is there, else the one in the default entry. */
    async fullPath(path, options = {}) {
        await this.version(options);
        const elements = splitPath(path);
        const [first] = elements;
        if (first === undefined || (await this.view.item([first], options)))
            return joinPath(elements);
        const entry = await this.view.defaultEntry(options);
        if (entry === undefined)
            return joinPath(elements);
        const inEntry = joinPath([...splitPath(entry), ...elements]);
        const [parent] = await Promise.allSettled([
            this.resolve(joinPath([...splitPath(entry), first]), options),
        ]);
        return parent.status === "fulfilled" || !isNxliveError(parent.reason, "ERR_PATH_NOT_FOUND")
            ? inEntry
            : joinPath(elements);
    }
    /** What lies at a path itself: a link is not followed, those before it are. */
    async itemAt(path, options = {}) {
        const elements = splitPath(path);
        const last = elements.pop();
        if (last === undefined)
            return { item: (await this.locate("/", options)).item, path: "/" };
        const parent = await this.locate(joinPath(elements), options);
        const own = [...splitPath(parent.path), last];
        return { item: await parent.view.item(own, options), path: joinPath(own) };
    }
    async close() {
        if (!this.#open)
            return;
        this.#open = false;
        await this.library.close();
    }
}
