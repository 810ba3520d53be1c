import { Buffer } from "node:buffer"; // the global one is a getter, called for each text
import type { Arg, Reply } from "./connection.js";

/** An error that Redis answered, as told apart from a broken connection. */
export class ReplyError extends Error {
  override readonly name = "ReplyError";
}

/** Longer binary arguments are sent as they are, without being copied. */
const COPY_BELOW = 4 * 2 ** 10;

/** Commands in RESP, as few pieces to write one after the other. */
export function encodeCommands(commands: readonly (readonly Arg[])[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let text = "";
  let small: (string | Uint8Array)[] = [];
  const flush = () => {
    if (text !== "") small.push(text);
    if (small.length > 0) pieces.push(joined(small));
    text = "";
    small = [];
  };
  for (const command of commands) {
    text += `*${command.length}\r\n`;
    for (const arg of command) {
      if (arg instanceof Uint8Array) {
        text += `$${arg.byteLength}\r\n`;
        if (arg.byteLength < COPY_BELOW) {
          small.push(text, arg);
        } else {
          flush();
          pieces.push(arg);
        }
        text = "\r\n";
      } else {
        const value = String(arg);
        text += `$${Buffer.byteLength(value)}\r\n${value}\r\n`;
      }
    }
  }
  flush();
  return pieces;
}

function joined(parts: readonly (string | Uint8Array)[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += typeof part === "string" ? Buffer.byteLength(part) : part.byteLength;
  const buffer = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const part of parts) {
    if (typeof part === "string") offset += buffer.write(part, offset);
    else {
      buffer.set(part, offset);
      offset += part.byteLength;
    }
  }
  return buffer;
}

const EMPTY = Buffer.alloc(0);
const [CR, LF] = [13, 10];
const [PLUS, MINUS, COLON, DOLLAR, STAR] = [43, 45, 58, 36, 42];

/** An array whose items are not all there yet. */
interface Open {
  readonly items: Reply[];
  readonly length: number;
  filled: number;
}

/** What a parser asks of its owner. */
export interface ReplyOwner {
  /** A reply is complete. */
  reply(reply: Reply): void;
  /** Memory of this length for the next large text, if the owner has any for it. */
  place(length: number): Buffer | undefined;
}

/** Texts up to this length are copied byte by byte: Node's copy makes an object for the part that it copies. */
const TINY = 24;
/** Shorter arrays, of which entries consist, are made as long as they will be; longer ones grow with what is there. */
const SHORT = 16;
/** Texts from this length on get a place of their own; shorter ones come out of Node's pool. */
const LARGE = 1024;
/** The most memory taken at once for several texts. */
const MOST_ROOM = 4 * 2 ** 20;

/**
 * Reads the replies of RESP 2 out of a socket's chunks, whose memory may be used again after each call: every text is
 * copied once, to where it stays. The large texts of a reply lie one behind the other in as few buffers as possible, so
 * that a page of points needs no joining. Deep nesting costs no stack.
 */
export class ReplyParser {
  readonly #owner: ReplyOwner;
  /** Arrays under way, the innermost last. */
  readonly #open: Open[] = [];
  /** A text that goes on in the next chunk, and how much of it is there. */
  #text: Buffer | undefined;
  #filled = 0;
  /** Bytes of the line end after a text that are still to come. */
  #skip = 0;
  /** The beginning of a line that ends in the next chunk. */
  #rest: Buffer | undefined;
  /**
   * The tiny texts that came last where arrays have names (before a value each), by their lengths: the same ones come with
   * every entry, and are given again.
   */
  readonly #names: Buffer[] = [];
  /** The memory for this reply's large texts, and how much of it is taken. */
  #room: Buffer = EMPTY;
  #used = 0;

  constructor(owner: ReplyOwner) {
    this.#owner = owner;
  }

  /** Throws a TypeError for what is no RESP 2. */
  write(chunk: Buffer): void {
    let at = 0;
    if (this.#text) {
      const taken = chunk.copy(this.#text, this.#filled);
      this.#filled += taken;
      at = taken;
      if (this.#filled < this.#text.length) return;
      const text = this.#text;
      this.#text = undefined;
      this.#skip = 2;
      at = this.#skipEnd(chunk, at);
      this.#add(text);
    } else if (this.#skip > 0) at = this.#skipEnd(chunk, at);
    if (this.#rest) {
      const end = chunk.indexOf(LF, at) + 1 || chunk.length;
      const line = Buffer.concat([this.#rest, chunk.subarray(at, end)]);
      this.#rest = undefined;
      this.#lines(line, 0);
      if (end < chunk.length) this.write(chunk.subarray(end)); // which may begin with the text that the line has announced
    } else this.#lines(chunk, at);
  }

  #lines(chunk: Buffer, start: number): void {
    let at = start;
    while (at < chunk.length) {
      const next = this.#value(chunk, at);
      if (next < 0) {
        this.#rest = Buffer.from(chunk.subarray(at));
        return;
      }
      at = next;
    }
  }

  #skipEnd(chunk: Buffer, at: number): number {
    const taken = Math.min(this.#skip, chunk.length - at);
    this.#skip -= taken;
    return at + taken;
  }

  /** Reads one value, or the head of an array; the position after it, or -1 when its line is not complete. */
  #value(chunk: Buffer, at: number): number {
    const end = lineEnd(chunk, at + 1);
    if (end < 0) return -1;
    const after = end + 2;
    switch (chunk[at]) {
      case DOLLAR:
        return this.#bulk(chunk, lengthAt(chunk, at + 1, end), after);
      case STAR: {
        const length = lengthAt(chunk, at + 1, end);
        if (length < 0) this.#add(null);
        else if (length === 0) this.#add([]);
        else this.#open.push({ items: length < SHORT ? new Array<Reply>(length) : [], length, filled: 0 });
        return after;
      }
      case COLON:
        this.#add(Number(chunk.toString("latin1", at + 1, end)));
        return after;
      case PLUS:
        this.#add(Buffer.from(chunk.subarray(at + 1, end)));
        return after;
      case MINUS:
        this.#add(new ReplyError(chunk.toString("utf8", at + 1, end)));
        return after;
      default:
        throw new TypeError(`Redis sent something that is no RESP 2: ${chunk.toString("utf8", at, at + 40)}`);
    }
  }

  #bulk(chunk: Buffer, length: number, start: number): number {
    if (length < 0) {
      this.#add(null);
      return start;
    }
    if (length <= TINY && start + length + 2 <= chunk.length) {
      this.#add(this.#tiny(chunk, start, length));
      return start + length + 2;
    }
    const text = length < LARGE ? Buffer.allocUnsafe(length) : this.#place(length);
    const taken = chunk.copy(text, 0, start);
    if (taken < length) {
      this.#text = text;
      this.#filled = taken;
      return chunk.length;
    }
    const end = start + length;
    this.#skip = Math.max(0, end + 2 - chunk.length);
    this.#add(text);
    return Math.min(end + 2, chunk.length);
  }

  #tiny(chunk: Buffer, start: number, length: number): Buffer {
    const open = this.#open.at(-1);
    const isName = open !== undefined && open.filled % 2 === 0;
    if (isName) {
      const known = this.#names[length];
      if (known && startsWith(chunk, start, known)) return known;
    }
    const tiny = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i++) tiny[i] = chunk[start + i] ?? 0;
    if (isName) this.#names[length] = tiny;
    return tiny;
  }

  #place(length: number): Buffer {
    const place = this.#owner.place(length);
    if (place) return place;
    if (this.#used + length > this.#room.length) {
      // The items still to come are most often as large as this one.
      let expected = 1;
      for (const list of this.#open) expected = Math.max(expected, list.length - list.filled);
      this.#room = Buffer.allocUnsafeSlow(Math.max(length, Math.min(length * expected, MOST_ROOM)));
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += length;
    return this.#room.subarray(start, this.#used);
  }

  /** A complete value: an item of the innermost array, which may complete that one, or a reply. */
  #add(value: Reply): void {
    let reply = value;
    for (let open = this.#open.at(-1); open; open = this.#open.at(-1)) {
      open.items[open.filled++] = reply;
      if (open.filled < open.length) return;
      reply = open.items;
      this.#open.pop();
    }
    this.#room = EMPTY;
    this.#used = 0;
    this.#owner.reply(reply);
  }
}

function startsWith(chunk: Buffer, start: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) if (chunk[start + i] !== text[i]) return false;
  return true;
}

/** The position of the line's end, -1 when it is not in this chunk. */
function lineEnd(chunk: Buffer, start: number): number {
  let at = start;
  while (at < chunk.length && chunk[at] !== CR) at++;
  return at + 1 < chunk.length ? at : -1;
}

/** The length of a text or an array; negative for null. */
function lengthAt(chunk: Buffer, start: number, end: number): number {
  if (chunk[start] === MINUS) return -1;
  let length = 0;
  for (let at = start; at < end; at++) length = 10 * length + (chunk[at] ?? 0) - 48;
  return length;
}
