import { Memory } from "../reusable-memory.js";

/** Payloads share pieces of this size; larger ones have their own. */
const PIECE = 2 ** 20;

/** Copies of payloads, next to each other, in memory that is used again when Redis has them. */
export class PayloadMemory {
  #filling: Memory | undefined;
  #used = 0;

  /** A copy, to be released. */
  copy(payload: Uint8Array): Memory {
    const piece = this.#pieceFor(payload.byteLength);
    const start = this.#used;
    this.#used += payload.byteLength;
    const copy = piece.part(start, this.#used);
    copy.bytes.set(payload);
    return copy;
  }

  #pieceFor(size: number): Memory {
    if (this.#filling && this.#used + size <= this.#filling.bytes.length) return this.#filling;
    this.#filling?.release();
    this.#filling = Memory.of(Math.max(size, PIECE));
    this.#used = 0;
    return this.#filling;
  }
}
