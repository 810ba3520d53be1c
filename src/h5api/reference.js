import { Attributes } from "./attributes.js";
import { WrongKindError } from "./errors.js";
/**
 * What lies at a path, before it is looked up: await it for the Group or Dataset, or use it directly:
 * `await file.get("/instrument/diode").slice(0, 10)`. It is looked up once, with the first use.
 */
export class Reference {
    #open;
    #opening;
    constructor(open) {
        this.#open = open;
    }
    then(onFulfilled, onRejected) {
        return this.#node().then(onFulfilled, onRejected);
    }
    catch(onRejected) {
        return this.#node().catch(onRejected);
    }
    finally(onFinally) {
        return this.#node().finally(onFinally);
    }
    /** What lies below it. */
    get(path, options = {}) {
        return new Reference(async () => (await this.group()).get(path, options));
    }
    get attrs() {
        const raw = async () => (await this.#node()).attrs;
        return new Attributes(async (options) => (await raw()).all(options));
    }
    /** The dataset; for a group its default signal. */
    async dataset() {
        const node = await this.#node();
        return node.kind === "dataset" ? node : node.signal();
    }
    /** The group. Error: WrongKindError for a dataset. */
    async group() {
        const node = await this.#node();
        if (node.kind === "group")
            return node;
        throw new WrongKindError(`${node.location} is a dataset, not a group.`, { path: node.location });
    }
    async slice(...args) {
        return (await this.dataset()).slice(...args);
    }
    async at(index, ...more) {
        return (await this.dataset()).at(index, ...more);
    }
    async value(options = {}) {
        return (await this.dataset()).value(options);
    }
    async shape(options = {}) {
        return (await this.dataset()).shape(options);
    }
    async *points(options = {}) {
        yield* (await this.dataset()).points(options);
    }
    async *blocks(options = {}) {
        yield* (await this.dataset()).blocks(options);
    }
    async length(options = {}) {
        return (await this.#node()).length(options);
    }
    async keys(options = {}) {
        return (await this.group()).keys(options);
    }
    async values(options = {}) {
        return (await this.group()).values(options);
    }
    async items(options = {}) {
        return (await this.group()).items(options);
    }
    async has(path, options = {}) {
        return (await this.group()).has(path, options);
    }
    async visit(visitor, options = {}) {
        return (await this.group()).visit(visitor, options);
    }
    /** The points of a dataset, to the seal; the names in a group. */
    async *[Symbol.asyncIterator]() {
        const node = await this.#node();
        if (node.kind === "dataset")
            yield* node.points();
        else
            yield* node;
    }
    #node() {
        this.#opening ??= this.#open();
        return this.#opening;
    }
}
