import { walkTree } from "../mapping/walk.js";
import { FrozenSource } from "./data/frozen-source.js";
import { StreamSource } from "./data/stream-source.js";
/** The lengths of all streams that scans have in their trees, taken together. */
export async function momentsOf(scans, options) {
    const datasets = [];
    for (const { scan, tree } of scans) {
        for (const [path, node] of tree ? walkTree(tree) : []) {
            const stream = node.kind === "dataset" && node.value.kind === "stream"
                ? scan.streams.get(node.value.stream)
                : undefined;
            if (stream)
                datasets.push({ path, stream });
        }
    }
    // All at once: one round trip. A stream that cannot be read has no points.
    return Promise.all(datasets.map(async ({ path, stream }) => {
        const moment = await Promise.all([stream.length(options), stream.isSealed(options)]).catch(() => [0, true]);
        return { path, key: stream.key, points: moment[0], sealed: moment[1] };
    }));
}
/** A file as it was at one moment: its members, and the length of every dataset. */
export class FrozenFile {
    name;
    live = false;
    moments;
    #view;
    #items = new Map();
    #byStream;
    /** `view` answers as of the moment; `moments` are the lengths of the streams that may have grown since. */
    constructor(view, moments) {
        this.name = view.name;
        this.moments = moments;
        this.#view = view;
        this.#byStream = new Map(moments.map((moment) => [moment.key, moment]));
    }
    async version() {
        return 0;
    }
    async item(elements, options = {}) {
        const path = elements.join("/");
        if (!this.#items.has(path))
            this.#items.set(path, this.#frozen(await this.#view.item(elements, options)));
        return this.#items.get(path);
    }
    defaultEntry(options = {}) {
        return this.#view.defaultEntry(options);
    }
    async *follow(options = {}) {
        const root = await this.item([], options);
        if (root?.kind === "group")
            yield* await root.names(options);
    }
    async freeze() {
        return this;
    }
    async close() { }
    #frozen(item) {
        if (item?.kind !== "dataset" || item.data instanceof FrozenSource)
            return item;
        const { data } = item;
        const moment = data instanceof StreamSource ? this.#byStream.get(data.stream.key) : undefined;
        return { ...item, data: new FrozenSource(data, moment?.points) };
    }
}
