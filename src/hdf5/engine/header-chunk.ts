import { encodeContinuation, MESSAGE } from "../format/messages.js";
import { FIRST_OVERHEAD, MESSAGE_OVERHEAD, NEXT_OVERHEAD } from "../format/object-header.js";

/** A message in memory; `encode` runs at commit, when addresses are known, and always gives `length` bytes. */
export interface Entry {
  readonly type: number;
  readonly flags: number;
  readonly order: number;
  readonly length: number;
  encode(): Buffer;
}

export function entry(type: number, body: Buffer, flags = 0, order = 0): Entry {
  return { type, flags, order, length: body.length, encode: () => body };
}

/** Messages of a growing dataset that change together: they live in a chunk of their own. */
export const VOLATILE: ReadonlySet<number> = new Set([
  MESSAGE.dataspace,
  MESSAGE.fill,
  MESSAGE.pipeline,
  MESSAGE.layout,
]);

/** A piece of an object header: messages that lie together in the file, and are written together. */
export class HeaderChunk {
  address: number | undefined;
  /** Bytes in the file; may still change while the chunk has never been written. */
  size: number;
  entries: Entry[] = [];
  dirty: boolean;
  /** Written at least once. */
  stored: boolean;
  readonly first: boolean;
  /** Holds a closed set of messages: nothing else is added. */
  closed: boolean;
  readonly align: number;

  constructor(first: boolean, size: number, closed = false, align = 8) {
    this.first = first;
    this.dirty = true;
    this.stored = false;
    this.size = size;
    this.closed = closed;
    this.align = align;
  }

  get used(): number {
    const overhead = this.first ? FIRST_OVERHEAD : NEXT_OVERHEAD;
    return this.entries.reduce((sum, { length }) => sum + MESSAGE_OVERHEAD + length, overhead);
  }

  /** The chunk of what changes while a dataset grows. */
  get isVolatile(): boolean {
    const types = this.entries.map(({ type }) => type);
    const complete = types.includes(MESSAGE.dataspace) && types.includes(MESSAGE.layout);
    return !this.first && complete && types.every((type) => VOLATILE.has(type));
  }

  get free(): number {
    return this.size - this.used;
  }
}

/** Tells where the header goes on. */
export class Continuation implements Entry {
  readonly type = MESSAGE.continuation;
  readonly flags = 0;
  readonly order = 0;
  readonly length = 16;
  readonly target: HeaderChunk;

  constructor(target: HeaderChunk) {
    this.target = target;
  }

  encode(): Buffer {
    if (this.target.address === undefined) throw new RangeError("an object header chunk without an address");
    return encodeContinuation(this.target.address, this.target.size);
  }
}
