import { uninitialised } from "./points.js";

/** The least memory taken at a time, and the most that is kept for later. */
const BLOCK_BYTES = 2 ** 20;
const KEPT_BYTES = 8 * 2 ** 20;

interface Block {
  readonly bytes: Uint8Array;
  /** Bytes given away, from the front. */
  used: number;
  /** Payloads in it. */
  held: number;
}

/** A payload that nobody else changes. */
export interface HeldPayload {
  readonly bytes: Uint8Array;
  readonly block: Block;
}

/**
 * Memory for payloads until Redis has them. It is used again: collecting an array for each of thousands of entries takes
 * longer than sending them.
 */
export class PayloadMemory {
  #filling: Block | undefined;
  #free: Block[] = [];

  /** A copy of the payload; to be released once. */
  hold(payload: Uint8Array): HeldPayload {
    const block = this.#blockFor(payload.byteLength);
    const end = block.used + payload.byteLength;
    const bytes = block.bytes.subarray(block.used, end);
    bytes.set(payload);
    block.used = end;
    block.held++;
    return { bytes, block };
  }

  release({ block }: HeldPayload): void {
    if (--block.held > 0) return;
    block.used = 0;
    if (block !== this.#filling) this.#keep(block);
  }

  #blockFor(size: number): Block {
    const filling = this.#filling;
    if (filling && filling.used + size <= filling.bytes.length) return filling;
    if (filling?.held === 0) this.#keep(filling);
    const fitting = this.#free.findIndex(({ bytes }) => bytes.length >= size);
    const [found] = fitting < 0 ? [] : this.#free.splice(fitting, 1);
    this.#filling = found ?? { bytes: uninitialised(Math.max(size, BLOCK_BYTES)), used: 0, held: 0 };
    return this.#filling;
  }

  #keep(block: Block): void {
    const kept = this.#free.reduce((sum, { bytes }) => sum + bytes.length, block.bytes.length);
    if (kept <= KEPT_BYTES) this.#free.push(block);
  }
}
