import type { Entry } from "../redis/replies.js";
import { endOf, type PointsEntry, parseEntry, type StreamEntry } from "./entry.js";
import { StreamFormatError } from "./errors.js";
import type { FollowableStream } from "./followable.js";
import type { GroupOptions, StreamView } from "./reading.js";
import { EntriesView, failedView } from "./view.js";

/** How far a cursor has come in one stream: which events it has, which points it has handed out. */
export class Follower {
  readonly stream: FollowableStream;
  readonly maxPoints: number;
  readonly lastOnly: boolean;
  /** The memory of what is received will be used again. */
  readonly #lent: boolean;
  /** Id of the last entry received. */
  after = "0-0";
  /** False until the entry that holds the first point was looked for. */
  begun: boolean;
  /** No event will follow. */
  sealed = false;
  /** Everything was handed out. */
  ended: boolean = false;
  /** The scan is closed: whatever does not come at once will never come. */
  closing: boolean = false;
  /** For those who want the newest event only: look for it before waiting. */
  jump: boolean;
  /** Next event. */
  #next: number;
  /** Next point. */
  #position: number;
  #events: StreamView | null = null;
  #failure: { readonly error: unknown } | undefined;

  constructor(stream: FollowableStream, options: GroupOptions) {
    this.stream = stream;
    this.maxPoints = options.maxPoints ?? Number.POSITIVE_INFINITY;
    this.lastOnly = options.lastOnly ?? false;
    this.#lent = options.reuse ?? false;
    this.#position = options.from ?? 0;
    this.#next = stream.eventPerPoint ? this.#position : 0;
    this.begun = this.#next === 0;
    this.jump = this.newestOnly;
  }

  /** Events were received that have not been handed out. */
  get pending(): boolean {
    return this.#events !== null;
  }

  /** There is something to tell: points, the end or a failure. */
  get ready(): boolean {
    return this.pending || this.sealed || this.stream.failure !== undefined;
  }

  get position(): number {
    return this.#position;
  }

  get next(): number {
    return this.#next;
  }

  get newestOnly(): boolean {
    return this.lastOnly || this.stream.latestEventOnly;
  }

  /** Notes the entry before the first wanted point, or that holds it. */
  begin(raw: readonly Entry[]): void {
    this.begun = true;
    const [entry] = this.#parse(raw);
    if (entry?.kind !== "points") return;
    if (endOf(entry) > this.#next) this.receive(raw);
    else this.after = entry.id;
  }

  /** Takes entries as Redis gave them, oldest first. */
  receive(raw: readonly Entry[]): void {
    const entries = this.#parse(raw);
    if (this.newestOnly) this.#skipToNewest(entries);
    const fresh: PointsEntry[] = [];
    let lost = 0;
    let end = this.#next;
    for (const entry of entries) {
      const gap = (entry.kind === "seal" ? endOf(entry) : entry.index) - end;
      if (gap > 0 && fresh.length > 0) break; // what follows is read again, as a view of its own
      this.after = entry.id;
      if (entry.kind === "seal") this.sealed = true;
      else if (endOf(entry) > end) fresh.push(entry);
      if (gap > 0) lost = gap;
      end = Math.max(end, endOf(entry));
    }
    this.stream.events.pageSize.learn(fresh);
    const index = this.#next + lost;
    if (end > this.#next) {
      this.#events = new EntriesView(fresh, this.stream.events.codec, index, end - index, lost, this.#lent);
    }
    this.#next = end;
  }

  /** Lets the next `view` fail. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.sealed = true;
  }

  /** As `view`; what goes wrong with the stream ends it, with a last view that tells. Rejects when a signal has aborted. */
  async tell(signal: AbortSignal | undefined, closing: AbortSignal): Promise<StreamView | null> {
    try {
      if (this.stream.failure) throw this.stream.failure;
      return await this.view(signal);
    } catch (error) {
      if (signal?.aborted || closing.aborted) throw error;
      this.ended = true;
      return failedView(this.#position, error);
    }
  }

  /** The next points to hand out, null when more events are needed first. */
  async view(signal: AbortSignal | undefined): Promise<StreamView | null> {
    if (!this.#events && this.#failure) throw this.#failure.error;
    if (!this.#events && !this.sealed) return null;
    const events = this.#events ?? new EntriesView([], this.stream.events.codec, this.#next, 0);
    const view = await this.stream.interpret(events, this.#position, {
      lastOnly: this.lastOnly,
      maxPoints: this.maxPoints,
      sealed: this.sealed,
      ...(signal && { signal }),
    });
    signal?.throwIfAborted(); // nobody is there to take it: the next call begins anew
    if (view && (view.length > 0 || view.lost > 0)) {
      this.#position = this.#after(view);
      // The points of a plain stream are its events.
      if (this.stream.events === this.stream && this.#position >= this.#next) this.#events = null;
      this.jump = this.newestOnly;
      return view;
    }
    if (!this.#events) {
      this.ended = true;
      return null;
    }
    this.#events = null;
    return this.view(signal); // a sealed stream may have something left without events
  }

  /** The next point after a view. One that gets no further would be handed out for ever. */
  #after({ index, length }: StreamView): number {
    const end = index + length;
    if (end > this.#position) return end;
    throw new StreamFormatError(
      `The plugin "${this.stream.plugin}" gave points ${index} to ${end} of stream "${this.stream.name}", after those to ${this.#position} had been handed out.`,
      { stream: this.stream.name },
    );
  }

  #skipToNewest(entries: readonly StreamEntry[]): void {
    const newest = entries.findLast((entry) => entry.kind === "points") ?? entries.at(-1);
    if (newest) this.#next = Math.max(this.#next, newest.kind === "seal" ? newest.index : endOf(newest) - 1);
  }

  #parse(raw: readonly Entry[]): StreamEntry[] {
    const entries = raw.map((entry) => parseEntry(entry, this.stream.name));
    // Views of a plain stream hold all that has come; others go back to earlier events.
    const handedOut = this.stream.events === this.stream && this.maxPoints === Number.POSITIVE_INFINITY;
    if (!this.#lent || handedOut) return entries;
    return entries.map((entry) => (entry.kind === "points" ? entry.copy() : entry));
  }
}
