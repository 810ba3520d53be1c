import type { NdArray, Value } from "../ndarray/ndarray.js";
import type { SignalOption } from "../stream/reading.js";
import { Attributes } from "./attributes.js";
import type { Block } from "./blocks.js";
import type { Dataset, PointsOptions } from "./dataset.js";
import { WrongKindError } from "./errors.js";
import type { Group, Visitor } from "./group.js";
import type { ReadOptions, SliceArguments } from "./selection.js";

/** What a path can lead to. `kind` tells which. */
export type Member = Group | Dataset;

/**
 * What lies at a path, before it is looked up: await it for the Group or Dataset, or use it directly:
 * `await file.get("/instrument/diode").slice(0, 10)`. It is looked up once, with the first use.
 */
export class Reference<T extends Member = Dataset> implements PromiseLike<T> {
  readonly #open: () => Promise<Member>;
  #opening: Promise<Member> | undefined;

  constructor(open: () => Promise<Member>) {
    this.#open = open;
  }

  then<A = T, B = never>(
    onFulfilled?: ((node: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#expected().then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#expected().catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.#expected().finally(onFinally);
  }

  /** What lies below it. */
  get<M extends Member = Dataset>(path: string, options: SignalOption = {}): Reference<M> {
    return new Reference(async () => (await this.group()).get<Member>(path, options));
  }

  get attrs(): Attributes {
    const raw = async () => (await this.#node()).attrs;
    return new Attributes(async (options) => (await raw()).all(options));
  }

  /** The dataset; for a group its default signal. */
  async dataset(): Promise<Dataset> {
    const node = await this.#node();
    return node.kind === "dataset" ? node : node.signal();
  }

  /** The group. Error: WrongKindError for a dataset. */
  async group(): Promise<Group> {
    const node = await this.#node();
    if (node.kind === "group") return node;
    throw new WrongKindError(`${node.location} is a dataset, not a group.`, { path: node.location });
  }

  async slice(...args: SliceArguments): Promise<NdArray> {
    return (await this.dataset()).slice(...args);
  }

  async at(index: number, ...more: (number | ReadOptions)[]): Promise<Value> {
    return (await this.dataset()).at(index, ...more);
  }

  async value(options: ReadOptions = {}): Promise<Value> {
    return (await this.dataset()).value(options);
  }

  async shape(options: SignalOption = {}): Promise<readonly number[] | null> {
    return (await this.dataset()).shape(options);
  }

  async *points(options: PointsOptions = {}): AsyncGenerator<Value, undefined, undefined> {
    yield* (await this.dataset()).points(options);
  }

  async *blocks(options: PointsOptions = {}): AsyncGenerator<Block, undefined, undefined> {
    yield* (await this.dataset()).blocks(options);
  }

  async length(options: SignalOption = {}): Promise<number> {
    return (await this.#node()).length(options);
  }

  async keys(options: SignalOption = {}): Promise<string[]> {
    return (await this.group()).keys(options);
  }

  async values(options: SignalOption = {}): Promise<(Group | Dataset | undefined)[]> {
    return (await this.group()).values(options);
  }

  async items(options: SignalOption = {}): Promise<[string, Group | Dataset | undefined][]> {
    return (await this.group()).items(options);
  }

  async has(path: string, options: SignalOption = {}): Promise<boolean> {
    return (await this.group()).has(path, options);
  }

  async visit<T>(visitor: Visitor<T>, options: SignalOption = {}): Promise<T | undefined> {
    return (await this.group()).visit(visitor, options);
  }

  /** The points of a dataset, to the seal; the names in a group. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Value, undefined, undefined> {
    const node = await this.#node();
    if (node.kind === "dataset") yield* node.points();
    else yield* node;
  }

  /** The caller says what kind of thing it expects; see `Group.get`. */
  #expected(): Promise<T> {
    return this.#node() as Promise<T>;
  }

  #node(): Promise<Member> {
    this.#opening ??= this.#open();
    return this.#opening;
  }
}
