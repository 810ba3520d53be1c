import { treeOf } from "./scan-trees.js";
/**
 * Names in the root of a live file: those of the scans that are there, then of each new scan once it is prepared, and
 * those that a mapping gains at the end of a scan. A scan that fails or is deleted does not hold up the others.
 */
export async function* followNames(store, path, begin, options = {}) {
    const stop = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    const queue = new Queue();
    const given = new Set();
    const { names, open, timetag } = await begin();
    const watch = async (scan) => {
        for await (const _ of scan.states({ signal })) {
            const tree = await treeOf(scan, { signal });
            for (const name of tree?.children.keys() ?? [])
                queue.push(name);
        }
    };
    const watchQuietly = (scan) => {
        watch(scan).catch(() => { }); // deleted or unreadable: its names do not come any more
    };
    const watchNew = async () => {
        for await (const scan of store.scans({ since: timetag, path, signal }))
            watchQuietly(scan);
    };
    try {
        for (const name of names)
            queue.push(name);
        for (const scan of open)
            watchQuietly(scan);
        watchNew().catch((error) => queue.fail(error));
        for (;;) {
            const name = await queue.take();
            if (!given.has(name))
                yield name;
            given.add(name);
        }
    }
    finally {
        stop.abort();
    }
}
/** Values that wait for their reader. */
class Queue {
    #values = [];
    #failure;
    #wake;
    push(value) {
        this.#values.push(value);
        this.#wake?.();
    }
    fail(error) {
        this.#failure = { error };
        this.#wake?.();
    }
    async take() {
        for (;;) {
            const value = this.#values.shift();
            if (value !== undefined)
                return value;
            if (this.#failure)
                throw this.#failure.error;
            await new Promise((resolve) => {
                this.#wake = resolve;
            });
        }
    }
}
