import { ClosedError, NxliveError } from "../errors.js";
import type { RedisClient } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { LONG_PATIENCE, type Reply } from "../redis/connection.js";
import { commandError, RedisConnectionLostError } from "../redis/errors.js";
import type { Memory } from "../reusable-memory.js";
import { abortable } from "../waiting.js";
import { endOf, parseEntry } from "./entry.js";
import { SecondPublisherError, StreamLostError, StreamSealedError } from "./errors.js";
import { PayloadMemory } from "./payload-memory.js";

/** Unacknowledged bytes, and entries, from which `send` makes its caller wait. */
const HIGH_WATER = 8 * 2 ** 20;
const MOST_ENTRIES = 2_000;
const BATCH_BYTES = 2 ** 20;
const BATCH_ENTRIES = 500;
/** Batches under way at a time, so that Redis has the next one when it is done with the one before. */
const MOST_BATCHES = 4;
const MOST_BREAKS = 10;
/** What an entry takes beside its payload, about. */
const ENTRY_OVERHEAD = 200;

/** A stream's publisher, as the sink sees it. */
export interface Sender {
  readonly name: string;
  readonly key: string;
  /** Points that Redis has accepted. */
  accepted: number;
  /** Set once: nothing more is sent for this stream. */
  failure: NxliveError | undefined;
}

interface Pending {
  readonly sender: Sender;
  readonly index: number;
  readonly length: number;
  readonly payload: Memory;
  /** Redis may have it. */
  sent: boolean;
}

/** Entries on their way, and what Redis will say to them. */
interface Batch {
  readonly entries: readonly Pending[];
  readonly replies: Promise<readonly Reply[]>;
}

/**
 * Sends the entries of all publishers of a store over one connection, in order and many at a time: while some batches
 * are under way the next one gathers. A broken connection is repaired here: what Redis had accepted is looked up, and
 * only the rest is sent again, so that nothing is lost or doubled.
 */
export class Sink {
  readonly #redis: RedisClient;
  readonly #memory = new PayloadMemory();
  #queue: Pending[] = [];
  #bytes = 0;
  #entries = 0;
  #running: Promise<void> | undefined;
  /** Callers that wait for the queue to shrink or for their stream. */
  #waiters: { readonly done: () => boolean; readonly resolve: () => void }[] = [];
  /** The publishers whose positions are known to be right on the socket of this generation. */
  #known = new WeakSet<Sender>();
  #generation = 0;
  /** How often in a row the connection broke. */
  #breaks = 0;

  constructor(redis: RedisClient) {
    this.#redis = redis;
  }

  /** Queues an entry with a copy of the payload; resolves when there is room for more. */
  send(sender: Sender, index: number, length: number, payload: Uint8Array): Promise<void> {
    this.#queue.push({ sender, index, length, payload: this.#memory.copy(payload), sent: false });
    this.#bytes += payload.byteLength + ENTRY_OVERHEAD;
    this.#entries++;
    this.#running ??= this.#run();
    const below = (part: number) => this.#bytes < part * HIGH_WATER && this.#entries < part * MOST_ENTRIES;
    return below(1) ? Promise.resolve() : this.#when(() => below(0.5));
  }

  /** Resolves when everything of a publisher is acknowledged, or it has failed. */
  async flushed(sender: Sender, position: () => number, signal: AbortSignal | undefined): Promise<void> {
    const done = () => sender.failure !== undefined || sender.accepted >= position();
    signal?.throwIfAborted();
    if (!done()) await abortable(this.#when(done), signal);
  }

  #when(done: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ done, resolve });
    });
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // gathers what is sent in the same turn
    while (this.#queue.length > 0) {
      const underway: Batch[] = [];
      try {
        await this.#sendOver(underway);
      } catch (error) {
        await Promise.allSettled(underway.map(({ replies }) => replies)); // what is still to arrive would be sent twice
        this.#queue = [...underway.flatMap(({ entries }) => entries), ...this.#queue];
        // A broken connection leaves open what has arrived: the next round looks it up. Not for ever: what is sent may
        // be what breaks it.
        const repeat = error instanceof RedisConnectionLostError && ++this.#breaks < MOST_BREAKS;
        if (repeat) this.#generation = -1;
        else this.#failAll(error);
      }
    }
    this.#running = undefined;
  }

  /** Sends over one socket until everything is answered. When it throws, `underway` is what was sent and is not. */
  async #sendOver(underway: Batch[]): Promise<void> {
    await this.#redis.publishing.connect({ patience: LONG_PATIENCE });
    const { generation } = this.#redis.publishing;
    while (this.#queue.length > 0 || underway.length > 0) {
      const [oldest] = underway;
      if (oldest && (this.#queue.length === 0 || underway.length === MOST_BATCHES)) {
        await this.#accept(oldest);
        underway.shift();
        continue;
      }
      const entries = this.#next();
      await this.#verify(entries, generation);
      this.#queue.splice(0, entries.length);
      this.#forget(entries.filter((entry) => !isDue(entry)));
      const due = entries.filter((entry) => isDue(entry));
      if (due.length > 0) underway.push({ entries: due, replies: this.#write(due, generation) });
    }
  }

  #next(): Pending[] {
    let bytes = 0;
    let count = 0;
    for (const entry of this.#queue) {
      if (count > 0 && (bytes + sizeOf(entry) > BATCH_BYTES || count >= BATCH_ENTRIES)) break;
      bytes += sizeOf(entry);
      count++;
    }
    return this.#queue.slice(0, count);
  }

  #forget(entries: readonly Pending[]): void {
    for (const entry of entries) {
      this.#bytes -= sizeOf(entry);
      entry.payload.release();
    }
    this.#entries -= entries.length;
    this.#wake();
  }

  /** On a new connection: asks how far each stream has come before sending more to it. */
  async #verify(entries: readonly Pending[], generation: number): Promise<void> {
    if (generation !== this.#generation) this.#known = new WeakSet();
    this.#generation = generation;
    const senders = [...new Set(entries.map(({ sender }) => sender))].filter(
      (sender) => !this.#known.has(sender),
    );
    if (senders.length === 0) return;
    const looks = senders.map(({ key }) => commands.lastEntry(key));
    const replies = await this.#redis.commands.pipeline(
      looks.map(({ args }) => args),
      { repeatable: true, patience: LONG_PATIENCE },
    );
    senders.forEach((sender, i) => {
      const reply = replies[i] ?? null;
      // What is wrong with one stream does not concern the others.
      try {
        if (reply instanceof Error) throw commandError(reply, "XREVRANGE");
        const last = looks[i]?.parse(reply);
        this.#compare(sender, last && parseEntry(last, sender.name));
      } catch (error) {
        sender.failure ??= failureOf(error);
      }
      this.#known.add(sender);
    });
  }

  #compare(sender: Sender, last: ReturnType<typeof parseEntry> | undefined): void {
    if (last?.kind === "seal") {
      sender.failure ??= sealed(sender);
      return;
    }
    const length = last ? endOf(last) : 0;
    if (length < sender.accepted) {
      sender.failure ??= new StreamLostError(
        `Redis has only ${length} of the ${sender.accepted} points that stream "${sender.name}" had: it lost data, or the stream was deleted.`,
        { stream: sender.name },
      );
      return;
    }
    // Entries whose acknowledgement was swallowed by a break; any other end is somebody else's.
    const ours = this.#queue.some(
      (entry) => entry.sent && entry.sender === sender && entry.index + entry.length === length,
    );
    if (length > sender.accepted && !ours) sender.failure ??= second(sender, length);
    else sender.accepted = length;
  }

  #write(entries: readonly Pending[], generation: number): Promise<readonly Reply[]> {
    for (const entry of entries) entry.sent = true;
    const adding = entries.map(({ sender, index, length, payload }) => {
      const fields = length > 1 ? ["payload", payload.bytes, "len", length] : ["payload", payload.bytes];
      return commands.xadd(sender.key, `${index}-1`, fields).args;
    });
    const replies = this.#redis.publishing.pipeline(adding, { generation });
    replies.catch(() => {}); // awaited when its turn has come
    return replies;
  }

  async #accept({ entries, replies }: Batch): Promise<void> {
    const answers = await replies;
    for (const [i, { sender, index, length }] of entries.entries()) {
      const reply = answers[i];
      if (!(reply instanceof Error)) sender.accepted = Math.max(sender.accepted, index + length);
      else sender.failure ??= await this.#explain(sender, reply);
    }
    this.#breaks = 0;
    this.#forget(entries);
  }

  async #explain(sender: Sender, error: Error): Promise<NxliveError> {
    // After the seal no larger id is left, otherwise the id is not larger than the last one.
    if (!/exhausted the last possible ID|ID specified in XADD/.test(error.message)) {
      return commandError(error, "XADD");
    }
    try {
      const last = await this.#redis.do(commands.lastEntry(sender.key));
      const entry = last && parseEntry(last, sender.name);
      return entry?.kind === "seal" ? sealed(sender) : second(sender, entry ? endOf(entry) : 0);
    } catch (cause) {
      return failureOf(cause);
    }
  }

  /** Redis stayed away too long, or the store was closed: everybody is told. */
  #failAll(error: unknown): void {
    const failure = failureOf(error);
    for (const { sender } of this.#queue) sender.failure ??= failure;
    this.#breaks = 0;
    this.#forget(this.#queue.splice(0));
  }

  #wake(): void {
    const ready = this.#waiters.filter(({ done }) => done());
    this.#waiters = this.#waiters.filter((waiter) => !ready.includes(waiter));
    for (const { resolve } of ready) resolve();
  }
}

function failureOf(error: unknown): NxliveError {
  return error instanceof NxliveError ? error : new ClosedError(`Publishing ended: ${String(error)}`);
}

function sizeOf({ payload }: Pending): number {
  return payload.bytes.byteLength + ENTRY_OVERHEAD;
}

function isDue({ sender, index, length }: Pending): boolean {
  return sender.failure === undefined && index + length > sender.accepted;
}

function sealed({ name }: Sender): StreamSealedError {
  return new StreamSealedError(`Stream "${name}" is sealed: it takes no more points.`, { stream: name });
}

function second({ name, accepted }: Sender, length: number): SecondPublisherError {
  return new SecondPublisherError(
    `Stream "${name}" holds ${length} points, this publisher has sent ${accepted}: another one publishes the same stream.`,
    { stream: name, index: accepted },
  );
}
