/** Points looked at in one read. */
const PAGE = 4096;
/**
 * The largest extent of a stream's points, when it varies from point to point: what the points are padded to, as in the
 * file. Points are looked at once.
 */
export class VariableShape {
    #stream;
    #largest;
    #seen = 0;
    #looking = Promise.resolve();
    constructor(stream) {
        this.#stream = stream;
        this.#largest = stream.shape.map((length) => Math.max(0, length));
    }
    /** The largest extent among the first `count` points. */
    async upTo(count, options) {
        const look = this.#looking.catch(() => { }).then(() => this.#look(count, options));
        this.#looking = look;
        await look;
        return this.#largest;
    }
    async #look(count, options) {
        while (this.#seen < count) {
            const stop = Math.min(count, this.#seen + PAGE);
            const points = await this.#stream.slice(this.#seen, stop, 1, options);
            this.#largest = this.#largest.map((length, axis) => Math.max(length, points.shape[axis + 1] ?? 0));
            this.#seen = stop;
        }
    }
}
