/** A dataset as it was at one moment: only the points that there were, and no waiting. */
export class FrozenSource {
    dtype;
    maxshape;
    chunks;
    /** The points that count; undefined: as many as the source has when it is first asked. */
    points;
    #source;
    #shape;
    constructor(source, points) {
        this.#source = source;
        this.dtype = source.dtype;
        this.maxshape = source.maxshape;
        this.chunks = source.chunks;
        this.points = points;
    }
    shape(options) {
        this.#shape ??= this.#measure(options).catch((error) => {
            this.#shape = undefined;
            throw error;
        });
        return this.#shape;
    }
    /** With `wait` only for images that are counted and not in a finished file yet. */
    read(ranges, options) {
        return this.#source.read(ranges, options);
    }
    /** The same moment, with fewer points. */
    limitedTo(points) {
        return new FrozenSource(this.#source, Math.min(points, this.points ?? points));
    }
    async #measure(options) {
        const shape = await this.#source.shape(options);
        const [length] = shape ?? [];
        if (!shape || length === undefined || this.points === undefined)
            return shape;
        return [Math.min(this.points, length), ...shape.slice(1)];
    }
}
