import { ByteReader } from "../format/bytes.js";
import { MESSAGE } from "../format/messages.js";
import { NOTE_SIZE } from "../format/note.js";
import {
  CONTINUATION_SIZE,
  encodeChunk,
  MESSAGE_OVERHEAD,
  type Message,
  NEXT_OVERHEAD,
  type ParsedHeader,
} from "../format/object-header.js";
import { Continuation, type Entry, entry, HeaderChunk } from "./header-chunk.js";
import { isInPage } from "./placement.js";
import type { Write } from "./write-lane.js";
import type { Zones } from "./zones.js";

/** Largest first chunk: the C library reads so much of a header in one go, so it never sees half of a rewrite. */
const FIRST_MAX = 512;
/** Largest chunk that is ever rewritten: within a page, a killed process leaves the old or the new one. */
const CHUNK_MAX = 4096;

/**
 * An object header in memory, edited such that each change needs one write of one existing chunk, at most a page long and
 * inside one: everything else goes to new places first. A chunk that is open for more always keeps room for the
 * continuation message that will be needed when it is full.
 */
export class Header {
  readonly chunks: HeaderChunk[];
  /** Chunks no longer referred to; the owner of the file retires them after the commit. */
  readonly dropped: { readonly address: number; readonly size: number }[] = [];
  /** The root group's header: of full size, with room for the note behind it. */
  keepsNote: boolean;
  private open: HeaderChunk;

  constructor() {
    this.keepsNote = false;
    this.open = new HeaderChunk(true, FIRST_MAX);
    this.chunks = [this.open];
  }

  /** The address of the header, known after `place`. */
  get address(): number | undefined {
    return this.chunks[0]?.address;
  }

  get dirty(): boolean {
    return this.chunks.some((chunk) => chunk.dirty);
  }

  get entries(): Entry[] {
    return this.chunks.flatMap((chunk) => chunk.entries).filter(({ type }) => type !== MESSAGE.continuation);
  }

  /**
   * The header as it lies in the file when we may edit it in place; undefined when its chunks break our rules (other
   * version, longer or straddling chunks, no room for a continuation): such a header must be written anew elsewhere.
   */
  static fromFile(parsed: ParsedHeader): Header | undefined {
    const first = parsed.chunks[0];
    if (parsed.version !== 2 || parsed.flags !== 0x0d || !first || first.size > FIRST_MAX) return undefined;
    const header = new Header();
    header.chunks.length = 0;
    for (const [i, source] of parsed.chunks.entries()) {
      const editable = isInPage(source.address, source.size) && source.size <= CHUNK_MAX;
      if (!editable && (i === 0 || source.messages.length > 1)) return undefined;
      const chunk = new HeaderChunk(i === 0, source.size, !editable);
      chunk.address = source.address;
      chunk.dirty = false;
      chunk.stored = true;
      header.chunks.push(chunk);
    }
    header.link(parsed);
    for (const chunk of header.chunks) if (chunk.isVolatile) chunk.closed = true;
    const open = header.chunks.findLast((chunk) => !chunk.closed && chunk.free >= CONTINUATION_SIZE);
    if (!open) return undefined;
    header.open = open;
    return header;
  }

  /** Makes the entries of parsed chunks; continuation messages point at the chunk objects. */
  private link(parsed: ParsedHeader): void {
    const byAddress = new Map(this.chunks.map((chunk) => [chunk.address, chunk]));
    for (const [i, { messages }] of parsed.chunks.entries()) {
      for (const message of messages) {
        const target =
          message.type === MESSAGE.continuation
            ? byAddress.get(new ByteReader(message.body).address())
            : undefined;
        this.chunks[i]?.entries.push(
          target ? new Continuation(target) : entry(message.type, message.body, message.flags, message.order),
        );
      }
    }
  }

  add(added: Entry): void {
    const need = MESSAGE_OVERHEAD + added.length;
    if (this.fits(this.open, need + CONTINUATION_SIZE)) {
      this.open.entries.push(added);
      this.open.dirty = true;
      return;
    }
    const chunk = this.append(need);
    chunk.entries.push(added);
    if (chunk.closed) {
      this.add(new Continuation(chunk));
    } else {
      this.open.entries.push(new Continuation(chunk));
      this.open.dirty = true;
      this.open = chunk;
    }
  }

  /** Puts messages into a chunk of their own, of exactly `size` bytes, that is rewritten alone when they change. */
  addClosed(entries: readonly Entry[], size: number): HeaderChunk {
    const chunk = new HeaderChunk(false, size, true, size);
    chunk.entries.push(...entries);
    this.chunks.push(chunk);
    this.add(new Continuation(chunk));
    return chunk;
  }

  /** Puts other messages, in a chunk of another size, in the place of such a chunk: one write redirects readers. */
  exchangeClosed(chunk: HeaderChunk, entries: readonly Entry[], size: number): HeaderChunk {
    const next = new HeaderChunk(false, size, true, size);
    next.entries.push(...entries);
    for (const holder of this.chunks) {
      const index = holder.entries.findIndex((item) => item instanceof Continuation && item.target === chunk);
      if (index < 0) continue;
      holder.entries[index] = new Continuation(next);
      holder.dirty = true;
    }
    this.chunks.splice(this.chunks.indexOf(chunk), 1, next);
    if (chunk.address !== undefined) this.dropped.push({ address: chunk.address, size: chunk.size });
    return next;
  }

  /** Exchanges a message in one write, whatever the sizes. */
  replace(old: Entry, added: Entry): void {
    const chunk = this.chunkOf(old);
    if (!chunk.first && chunk.entries.length === 1 && chunk.closed) {
      this.drop(chunk, added);
      return;
    }
    const index = chunk.entries.indexOf(old);
    const reserve = chunk === this.open ? CONTINUATION_SIZE : 0;
    if (this.fits(chunk, added.length - old.length + reserve)) {
      chunk.entries[index] = added;
    } else {
      const next = this.append(MESSAGE_OVERHEAD + added.length);
      next.entries.push(added);
      chunk.entries.splice(index, 1);
      this.refer(chunk, next);
    }
    chunk.dirty = true;
  }

  /**
   * Lets a chunk continue in another one. Where it has no room for that (the open one keeps room for a further continuation),
   * it continues in a chunk between the two, which also takes its smallest messages as far as needed.
   */
  private refer(chunk: HeaderChunk, target: HeaderChunk): void {
    const isOpen = chunk === this.open;
    if (this.fits(chunk, isOpen ? 2 * CONTINUATION_SIZE : CONTINUATION_SIZE)) {
      chunk.entries.push(new Continuation(target));
      return;
    }
    const between = isOpen && !target.closed ? target : this.append(CONTINUATION_SIZE);
    if (between !== target) between.entries.push(new Continuation(target));
    while (chunk.free < CONTINUATION_SIZE) {
      const smallest = chunk.entries.reduce((least, item) => (item.length < least.length ? item : least));
      chunk.entries.splice(chunk.entries.indexOf(smallest), 1);
      this.fits(between, MESSAGE_OVERHEAD + smallest.length + CONTINUATION_SIZE);
      between.entries.push(smallest);
    }
    chunk.entries.push(new Continuation(between));
    if (isOpen) this.open = between;
  }

  remove(old: Entry): void {
    const chunk = this.chunkOf(old);
    if (chunk.closed && chunk.entries.length === 1) {
      this.drop(chunk, undefined);
      return;
    }
    chunk.entries.splice(chunk.entries.indexOf(old), 1);
    chunk.dirty = true;
  }

  /** Gives every new chunk its size and address. */
  place(allocator: Zones): void {
    for (const chunk of this.chunks) {
      if (chunk.address !== undefined) continue;
      if (!chunk.closed) chunk.size = this.finalSize(chunk);
      const size = chunk.size + (chunk.first && this.keepsNote ? NOTE_SIZE : 0);
      chunk.address = allocator.allocate(size, { inPage: size <= CHUNK_MAX, align: chunk.align });
    }
  }

  /** New chunks, to be written before anything refers to them, and existing ones, each of whose writes is a commit. */
  writes(): { readonly fresh: Write[]; readonly rewrites: Write[] } {
    const fresh: Write[] = [];
    const rewrites: Write[] = [];
    for (const chunk of this.chunks) {
      if (!chunk.dirty || chunk.address === undefined) continue;
      const messages: Message[] = chunk.entries.map((item) => ({
        type: item.type,
        flags: item.flags,
        order: item.order,
        body: item.encode(),
      }));
      const write = { address: chunk.address, bytes: encodeChunk(chunk.first, chunk.size, messages) };
      (chunk.stored ? rewrites : fresh).push(write);
    }
    return { fresh, rewrites };
  }

  written(): void {
    for (const chunk of this.chunks) {
      chunk.dirty = false;
      chunk.stored = true;
    }
  }

  /** The last chunk of a new header is cut to what it holds, with a little to spare; the root's first one stays as it is. */
  private finalSize(chunk: HeaderChunk): number {
    if (chunk !== this.open || (chunk.first && this.keepsNote)) return chunk.size;
    const spare = chunk.entries.some(({ type }) => type === MESSAGE.linkInfo || type === MESSAGE.link)
      ? 64
      : 8;
    const size = Math.ceil((chunk.used + CONTINUATION_SIZE + spare) / 8) * 8;
    return Math.min(size, chunk.first ? FIRST_MAX : CHUNK_MAX);
  }

  /** Room for `need` more bytes; chunks that were never written may still grow. */
  private fits(chunk: HeaderChunk, need: number): boolean {
    if (chunk.free >= need) return true;
    if (chunk.first || chunk.stored || chunk.address !== undefined || chunk.closed) return false;
    if (chunk.used + need > CHUNK_MAX) return false;
    chunk.size = Math.min(CHUNK_MAX, Math.max(2 * chunk.size, chunk.used + need));
    return true;
  }

  /** A new chunk for a message of `need` bytes: in a chunk of its own when that cannot be within a page. */
  private append(need: number): HeaderChunk {
    const size = NEXT_OVERHEAD + need + CONTINUATION_SIZE;
    const alone = size > CHUNK_MAX;
    const roomy = Math.min(CHUNK_MAX, Math.max(size, 256 * 2 ** Math.min(4, this.chunks.length)));
    const chunk = alone ? new HeaderChunk(false, NEXT_OVERHEAD + need, true) : new HeaderChunk(false, roomy);
    this.chunks.push(chunk);
    return chunk;
  }

  /** Takes a chunk of one message out; its continuation message makes room for `instead`. */
  private drop(chunk: HeaderChunk, instead: Entry | undefined): void {
    const reference = this.chunks
      .flatMap((other) => other.entries)
      .find((item) => item instanceof Continuation && item.target === chunk);
    if (!reference) throw new RangeError("an object header chunk that nothing refers to");
    this.chunks.splice(this.chunks.indexOf(chunk), 1);
    if (chunk.address !== undefined) this.dropped.push({ address: chunk.address, size: chunk.size });
    if (instead) this.replace(reference, instead);
    else this.remove(reference);
  }

  private chunkOf(wanted: Entry): HeaderChunk {
    const chunk = this.chunks.find(({ entries }) => entries.includes(wanted));
    if (!chunk) throw new RangeError("a message that is not in this object header");
    return chunk;
  }
}
