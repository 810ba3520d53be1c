import { IndexNoMoreThereError } from "../../stream/errors.js";
import type { FollowableStream } from "../../stream/followable.js";
import type { SignalOption } from "../../stream/reading.js";
import { abortable } from "../../waiting.js";

/** Points looked at in one read. */
const PAGE = 4096;

/**
 * The largest extent of a stream's points, when it varies from point to point: what the points are padded to, as in the
 * file. Points are looked at once.
 */
export class VariableShape {
  /** False when points had been trimmed before they could be looked at. */
  complete: boolean = true;
  readonly #stream: FollowableStream;
  #largest: number[];
  #seen = 0;
  #looking: Promise<void> = Promise.resolve();

  constructor(stream: FollowableStream) {
    this.#stream = stream;
    this.#largest = stream.shape.map((length) => Math.max(0, length));
  }

  /** The largest extent among the first `count` points, as far as they are in Redis. */
  async upTo(count: number, options: SignalOption): Promise<readonly number[]> {
    const look = this.#looking.catch(() => {}).then(() => this.#look(count, options));
    this.#looking = look;
    await abortable(look, options.signal); // those before it may take their time
    return this.#largest;
  }

  async #look(count: number, options: SignalOption): Promise<void> {
    while (this.#seen < count) {
      const stop = Math.min(count, this.#seen + PAGE);
      try {
        const points = await this.#stream.slice(this.#seen, stop, 1, options);
        this.#largest = this.#largest.map((length, axis) => Math.max(length, points.shape[axis + 1] ?? 0));
        this.#seen = stop;
      } catch (error) {
        if (!(error instanceof IndexNoMoreThereError) || this.#stream.plugin !== null) throw error;
        this.complete = false;
        const first = await this.#stream.events.first(options);
        this.#seen = Math.min(count, Math.max(first, this.#seen + 1));
      }
    }
  }
}
