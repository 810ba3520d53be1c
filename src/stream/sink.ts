import { ClosedError, NxliveError } from "../errors.js";
import type { RedisClient } from "../redis/client.js";
import * as commands from "../redis/commands.js";
import { LONG_PATIENCE } from "../redis/connection.js";
import { commandError, RedisConnectionLostError } from "../redis/errors.js";
import { abortable } from "../waiting.js";
import { endOf, parseEntry } from "./entry.js";
import { SecondPublisherError, StreamLostError, StreamSealedError } from "./errors.js";

/** Unacknowledged bytes, and entries, from which `send` makes its caller wait. */
const HIGH_WATER = 8 * 2 ** 20;
const MOST_ENTRIES = 2_000;
const BATCH_BYTES = 4 * 2 ** 20;
const BATCH_ENTRIES = 500;
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
  readonly payload: Uint8Array;
}

/**
 * Sends the entries of all publishers of a store over one connection, in order and many at a time: while one batch is
 * under way the next one gathers. A broken connection is repaired here: what Redis had accepted is looked up, and only
 * the rest is sent again, so that nothing is lost or doubled.
 */
export class Sink {
  readonly #redis: RedisClient;
  #queue: Pending[] = [];
  #bytes = 0;
  #entries = 0;
  #running: Promise<void> | undefined;
  /** Callers that wait for the queue to shrink or for their stream. */
  #waiters: { readonly done: () => boolean; readonly resolve: () => void }[] = [];
  /** The socket on which all publishers' positions are known to be right. */
  #generation = 0;
  #known = new WeakSet<Sender>();

  constructor(redis: RedisClient) {
    this.#redis = redis;
  }

  /** Queues an entry; resolves when there is room for more. */
  send(sender: Sender, index: number, length: number, payload: Uint8Array): Promise<void> {
    this.#queue.push({ sender, index, length, payload });
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
    let breaks = 0;
    while (this.#queue.length > 0) {
      const batch = this.#take();
      try {
        await this.#redis.publishing.connect({ patience: LONG_PATIENCE });
        await this.#verify(batch);
        await this.#write(batch.filter((entry) => isDue(entry)));
        breaks = 0;
      } catch (error) {
        // A broken connection leaves open what has arrived: the next round looks it up. Not for ever: the batch itself
        // may be what breaks it.
        const repeat = error instanceof RedisConnectionLostError && ++breaks < MOST_BREAKS;
        if (repeat) this.#generation = -1;
        else this.#failAll(batch, error);
      }
      this.#return(batch);
      this.#wake();
    }
    this.#running = undefined;
  }

  #take(): Pending[] {
    let bytes = 0;
    let count = 0;
    for (const entry of this.#queue) {
      if (count > 0 && (bytes + sizeOf(entry) > BATCH_BYTES || count >= BATCH_ENTRIES)) break;
      bytes += sizeOf(entry);
      count++;
    }
    return this.#queue.splice(0, count);
  }

  /** Puts back what is still to be sent, and forgets the rest. */
  #return(batch: readonly Pending[]): void {
    const due = batch.filter((entry) => isDue(entry));
    for (const entry of batch) {
      if (isDue(entry)) continue;
      this.#bytes -= sizeOf(entry);
      this.#entries--;
    }
    if (due.length > 0) this.#queue = [...due, ...this.#queue];
  }

  /** On a new connection: asks how far each stream has come before sending more to it. */
  async #verify(batch: readonly Pending[]): Promise<void> {
    const { generation } = this.#redis.publishing;
    if (generation !== this.#generation) this.#known = new WeakSet();
    const senders = [...new Set(batch.map(({ sender }) => sender))].filter(
      (sender) => !this.#known.has(sender),
    );
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
        this.#compare(sender, last && parseEntry(last, sender.name), batch);
      } catch (error) {
        sender.failure ??= failureOf(error);
      }
      this.#known.add(sender);
    });
    this.#generation = generation;
  }

  #compare(sender: Sender, last: ReturnType<typeof parseEntry> | undefined, batch: readonly Pending[]): void {
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
    const ours = batch.some((entry) => entry.sender === sender && entry.index + entry.length === length);
    if (length > sender.accepted && !ours) sender.failure ??= second(sender, length);
    else sender.accepted = length;
  }

  async #write(entries: readonly Pending[]): Promise<void> {
    const replies = await this.#redis.publishing.pipeline(
      entries.map(({ sender, index, length, payload }) => {
        const fields = length > 1 ? ["payload", payload, "len", length] : ["payload", payload];
        return commands.xadd(sender.key, `${index}-1`, fields).args;
      }),
    );
    for (const [i, { sender, index, length }] of entries.entries()) {
      const reply = replies[i];
      if (!(reply instanceof Error)) sender.accepted = Math.max(sender.accepted, index + length);
      else sender.failure ??= await this.#explain(sender, reply);
    }
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
  #failAll(batch: readonly Pending[], error: unknown): void {
    const failure = failureOf(error);
    for (const { sender } of [...batch, ...this.#queue]) sender.failure ??= failure;
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
  return payload.byteLength + ENTRY_OVERHEAD;
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
