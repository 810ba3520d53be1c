import { NdArray, type Value } from "../ndarray/ndarray.js";
import type { RawArray } from "../ndarray/raw.js";
import type { SignalOption } from "../stream/reading.js";

/**
 * The attributes of a group or dataset, as of each call. Scalars come as values (text, number, bigint, boolean,
 * `[re, im]`), arrays as NdArray, h5py's Empty as null; a missing attribute is undefined.
 */
export class Attributes {
  readonly #read: (options: SignalOption) => Promise<ReadonlyMap<string, RawArray>>;

  constructor(read: (options: SignalOption) => Promise<ReadonlyMap<string, RawArray>>) {
    this.#read = read;
  }

  /** One value; undefined when there is no such attribute. */
  async get(name: string, options: SignalOption = {}): Promise<Value> {
    const raw = (await this.#read(options)).get(name);
    return raw && attributeValue(raw);
  }

  /** True when there is such an attribute. */
  async has(name: string, options: SignalOption = {}): Promise<boolean> {
    return (await this.#read(options)).has(name);
  }

  /** The names, in the order of the mapping, or of the file. */
  async keys(options: SignalOption = {}): Promise<string[]> {
    return [...(await this.#read(options)).keys()];
  }

  /** The values, in the order of `keys`. */
  async values(options: SignalOption = {}): Promise<Value[]> {
    return [...(await this.#read(options)).values()].map(attributeValue);
  }

  /** Names and values. */
  async items(options: SignalOption = {}): Promise<[string, Value][]> {
    return [...(await this.#read(options))].map(([name, raw]) => [name, attributeValue(raw)]);
  }

  /** dtype, shape and data of all of them, as stored. */
  all(options: SignalOption = {}): Promise<ReadonlyMap<string, RawArray>> {
    return this.#read(options);
  }

  /** The names. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string, undefined, undefined> {
    yield* await this.keys();
  }
}

function attributeValue(raw: RawArray): Value {
  if (raw.shape === null) return null;
  const array = NdArray.fromRaw(raw);
  return array.ndim === 0 ? array.flat(0) : array;
}
