import type { Entry } from "../redis/replies.js";
import { StreamFormatError } from "./errors.js";

const MAX_ID = "18446744073709551615";
/** The id of the entry that seals a stream. */
export const SEAL_ID = `${MAX_ID}-${MAX_ID}`;
/** A read after this id waits for the seal. */
export const BEFORE_SEAL = `${MAX_ID}-18446744073709551614`;

/** Consecutive points published together. */
export class PointsEntry {
  readonly kind = "points";
  /** Index of the first point. */
  readonly index: number;
  /** Number of points. */
  readonly length: number;
  readonly payload: Buffer;
  private readonly entry: Entry;

  constructor(entry: Entry, length: number, payload: Buffer) {
    this.entry = entry;
    this.index = entry.index;
    this.length = length;
    this.payload = payload;
  }

  get id(): string {
    return this.entry.id;
  }

  /** With a payload of its own, whatever becomes of the memory that it was received into. */
  copy(): PointsEntry {
    return new PointsEntry(this.entry, this.length, Buffer.from(this.payload));
  }
}

/** The end of a stream; its index is the number of points published. */
export interface SealEntry {
  readonly kind: "seal";
  readonly id: string;
  readonly index: number;
}

export type StreamEntry = PointsEntry | SealEntry;

/** Where a stream ends after this entry. */
export function endOf(entry: StreamEntry): number {
  return entry.kind === "seal" ? entry.index : entry.index + entry.length;
}

/** Reads an entry of a data stream; what blissdata could not have written is a StreamFormatError. */
export function parseEntry(entry: Entry, stream: string): StreamEntry {
  const isExact = Number.isSafeInteger(entry.index);
  if (!isExact && entry.id === SEAL_ID) {
    return { kind: "seal", id: SEAL_ID, index: count(entry, "id", 0, stream) };
  }
  const payload = entry.fields.get("payload");
  if (!isExact || !payload) {
    throw new StreamFormatError(
      `Entry ${entry.id} of stream "${stream}" has ${payload ? "an index beyond 2^53" : "no payload"}.`,
      { stream },
    );
  }
  return new PointsEntry(entry, count(entry, "len", 1, stream), payload);
}

function count(entry: Entry, field: string, least: number, stream: string): number {
  const text = entry.fields.get(field);
  const value = text === undefined ? 1 : naturalNumber(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new StreamFormatError(`Entry ${entry.id} of stream "${stream}" has the ${field} ${text}.`, {
      stream,
    });
  }
  return value;
}

/** NaN for anything but digits. Without a text in between: entries come by the thousand. */
function naturalNumber(digits: Uint8Array): number {
  let number = digits.length === 0 ? Number.NaN : 0;
  for (const character of digits) {
    const digit = character - 48;
    number = digit >= 0 && digit <= 9 ? 10 * number + digit : Number.NaN;
  }
  return number;
}
