import { NdArray } from "../ndarray/ndarray.js";
/**
 * The attributes of a group or dataset, as of each call. Scalars come as values (text, number, bigint, boolean,
 * `[re, im]`), arrays as NdArray, h5py's Empty as null; a missing attribute is undefined.
 */
export class Attributes {
    #read;
    constructor(read) {
        this.#read = read;
    }
    async get(name, options = {}) {
        const raw = (await this.#read(options)).get(name);
        return raw && attributeValue(raw);
    }
    async has(name, options = {}) {
        return (await this.#read(options)).has(name);
    }
    async keys(options = {}) {
        return [...(await this.#read(options)).keys()];
    }
    async values(options = {}) {
        return [...(await this.#read(options)).values()].map(attributeValue);
    }
    async items(options = {}) {
        return [...(await this.#read(options))].map(([name, raw]) => [name, attributeValue(raw)]);
    }
    /** dtype, shape and data of all of them, as stored. */
    all(options = {}) {
        return this.#read(options);
    }
    async *[Symbol.asyncIterator]() {
        yield* await this.keys();
    }
}
function attributeValue(raw) {
    if (raw.shape === null)
        return null;
    const array = NdArray.fromRaw(raw);
    return array.ndim === 0 ? array.flat(0) : array;
}
