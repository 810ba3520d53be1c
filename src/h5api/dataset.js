import { InvalidArgumentError, isNxliveError } from "../errors.js";
import { sizeOfShape } from "../ndarray/dtype.js";
import { dropAxes } from "../ndarray/take.js";
import { IndexNotYetThereError, IndexWontBeThereError } from "../stream/errors.js";
import { Deadline } from "../waiting.js";
import { blocksOf } from "./blocks.js";
import { WrongKindError } from "./errors.js";
import { Node } from "./node.js";
import { parseSlice, pointsNeeded, resolveOn, } from "./selection.js";
/**
 * A dataset, live or on disk. On live ones every slice that reaches beyond the present waits for the data or the seal;
 * `{ wait: false }` takes what is there, `{ timeout }` limits the waiting (TimeoutError), `{ signal }` ends it.
 */
export class Dataset extends Node {
    kind = "dataset";
    #data;
    constructor(core, path, located, version) {
        super(core, path, located, version);
        this.#data = located.item.data;
    }
    get dtype() {
        return this.#data.dtype;
    }
    /** Lengths that it may grow to, null where there is no limit; null for the null dataspace. */
    get maxshape() {
        return this.#data.maxshape;
    }
    get ndim() {
        return this.#data.maxshape?.length ?? 0;
    }
    /** Chunk shape in the file; null when it is not chunked, or live. */
    get chunks() {
        return this.#data.chunks;
    }
    /** True when no more points will come: the stream was sealed, or the data are on disk or in the mapping. */
    async sealed(options = {}) {
        const { growth } = await this.#readable(options);
        return !growth || growth.ended(options);
    }
    /** True when its data come from a stream. */
    get live() {
        return this.#data.growth !== undefined;
    }
    /** The shape at this moment; null for the null dataspace (h5py's Empty). */
    async shape(options = {}) {
        return (await this.#current(options)).shape(options);
    }
    /** The number of elements at this moment; null for the null dataspace. */
    async size(options = {}) {
        const shape = await this.shape(options);
        return shape && sizeOfShape(shape);
    }
    /** The length of the first axis at this moment. A scalar has none: WrongKindError. */
    async length(options = {}) {
        const [length] = (await this.shape(options)) ?? [];
        if (length === undefined)
            throw this.#scalar("length");
        return length;
    }
    /**
     * Part of the data, with NumPy's rules: `slice(start, stop, step)` on the first axis, or one selection per axis:
     * `slice([0, 10], null, [5, 20, 2])`; a number picks an index and drops the axis. Options come last.
     */
    async slice(...args) {
        return this.#read(parseSlice(args));
    }
    /** As `slice`, with one selection per axis in a list: numbers are always indices. */
    select(selections, options = {}) {
        return this.#read({ selections, options });
    }
    /**
     * The item at an index of the first axis, or at one index per axis: a number, text …, or an NdArray where axes are
     * left. Options come last. Errors: IndexNotYetThereError (with `wait: false`), IndexWontBeThereError.
     */
    async at(index, ...more) {
        const indices = [index, ...more.filter((item) => typeof item === "number")].map(requireIndex);
        const options = more.find((item) => typeof item === "object") ?? {};
        const array = await this.#read({ selections: indices, options });
        return array.ndim === 0 ? array.flat(0) : array;
    }
    /** All of it: the value of a scalar, an NdArray, or null for the null dataspace. */
    async value(options = {}) {
        const data = await this.#readable(options);
        if (data.maxshape === null)
            return null;
        const array = await this.#read({ selections: [], options });
        return array.ndim === 0 ? array.flat(0) : array;
    }
    /** Points one by one, to the seal: numbers, texts …, or NdArrays where a point has a shape. */
    async *points(options = {}) {
        for await (const block of this.blocks(options)) {
            if (block.ndim === 1)
                for (let i = 0; i < block.size; i++)
                    yield block.flat(i);
            else
                for (let i = 0; i < (block.shape[0] ?? 0); i++)
                    yield block.row(i);
        }
    }
    /** Points in blocks as they come, to the seal: arrays of shape (n, …point) that know their `index`. */
    async *blocks(options = {}) {
        const data = await this.#readable(options);
        if (this.ndim === 0)
            throw this.#scalar("iteration");
        yield* blocksOf(data, options);
    }
    [Symbol.asyncIterator]() {
        return this.points();
    }
    toString() {
        const shape = this.maxshape === null ? "null" : `(${this.maxshape.map((n) => n ?? "_").join(", ")})`;
        return `<nxlive dataset "${this.name}": shape ${shape}, dtype ${JSON.stringify(this.dtype)}>`;
    }
    async #read(parsed) {
        try {
            return await this.#slice(await this.#readable(parsed.options), parsed);
        }
        catch (error) {
            // The scan has gone meanwhile: the file may have the data.
            const elsewhere = isNxliveError(error, "ERR_SCAN_NOT_FOUND") && (await this.#moved(parsed.options));
            if (!elsewhere)
                throw error;
            return this.#slice(elsewhere, parsed);
        }
    }
    /** The data as of now: what a mapping holds may change when its scan closes, streams only grow. */
    async #current(options) {
        const { item } = await this.current(options);
        if (item.kind !== "dataset") {
            throw new WrongKindError(`${this.location} is no longer a dataset.`, { path: this.location });
        }
        this.#data = item.data;
        return item.data;
    }
    async #readable(options) {
        this.core.assertOpen();
        return this.#data.growth ? this.#data : this.#current(options);
    }
    /** Where the data are now, when that is elsewhere. */
    async #moved(options) {
        const before = this.#data;
        const now = await this.#current(options);
        return now === before ? undefined : now;
    }
    async #slice(data, { selections, options }) {
        options.signal?.throwIfAborted();
        const wait = options.wait ?? true;
        const [first = null] = selections;
        const deadline = new Deadline(options.timeout);
        const needed = pointsNeeded(first);
        const there = data.growth && wait && (await data.growth.reach(needed, options));
        // The selection touches no more than the points that are there now: their number need not be asked for again.
        const enough = there && needed !== "end" ? await data.growth?.shapeOf(needed, options) : undefined;
        const shape = enough ?? (await data.shape(options));
        if (shape === null) {
            throw new InvalidArgumentError(`${this.location} has no data (null dataspace).`, {
                path: this.location,
            });
        }
        if (data.growth && typeof first === "number" && first >= (shape[0] ?? 0)) {
            throw await this.#notThere(data, first, shape[0] ?? 0, options);
        }
        const ranges = resolveOn(selections, shape, this.location);
        const limit = options.timeout === undefined ? {} : { timeout: deadline.left };
        const array = await data.read(ranges, { ...options, ...limit, wait });
        return dropAxes(array, ranges);
    }
    async #notThere(data, index, length, options) {
        const context = { path: this.location, index };
        if (await data.growth?.ended(options)) {
            return new IndexWontBeThereError(`${this.location} ended with ${length} points: there is no point ${index}.`, context);
        }
        return new IndexNotYetThereError(`${this.location} has ${length} points so far: point ${index} is not there yet.`, context);
    }
    #scalar(what) {
        return new WrongKindError(`${this.location} is a scalar: it has no ${what}.`, { path: this.location });
    }
}
function requireIndex(index) {
    if (Number.isSafeInteger(index))
        return index;
    throw new InvalidArgumentError(`An index must be an integer, got ${String(index)}.`);
}
