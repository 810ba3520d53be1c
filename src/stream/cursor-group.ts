import { ClosedError, InvalidArgumentError } from "../errors.js";
import { BLOCK, type RedisClient } from "../redis/client.js";
import { Deadline } from "../waiting.js";
import type { FollowableStream } from "./followable.js";
import { Follower } from "./follower.js";
import { alone, lookAtScans, lookForCulprits, lookForFirst, lookForNewest } from "./group-looks.js";
import { PageRoom } from "./page-room.js";
import { PluginAnswers } from "./plugin-answers.js";
import { AIM, nextRead, type Page, ReadAhead } from "./read-ahead.js";
import type { CursorOptions, GroupOptions, StreamView } from "./reading.js";

/**
 * Follows many streams, of any scans of one store, with one blocking read at a time. Each step gives what has newly
 * arrived, one view per stream; a stream that fails gives a last view with `error`, and the others go on. Streams may
 * join and leave at any time; the iteration ends when all have been read to their seals.
 */
export class CursorGroup implements AsyncIterableIterator<Map<FollowableStream, StreamView>> {
  readonly #redis: RedisClient;
  readonly #options: GroupOptions;
  readonly #followers = new Map<FollowableStream, Follower>();
  /** Streams that ended without a seal, because their scan was closed. */
  readonly unsealed = new Set<FollowableStream>();
  /** Ends the blocking read that is under way. */
  #stop: (() => void) | undefined;
  #interrupted: boolean = false;
  #reading: Promise<unknown> = Promise.resolve();
  readonly #closing = new AbortController();
  readonly #ahead: ReadAhead;
  /** Of the pages received since views were handed out, and of those that were. */
  readonly #rooms: PageRoom[] = [];
  readonly #answers: PluginAnswers;
  readonly #lent = new WeakMap<ReadonlyMap<FollowableStream, StreamView>, readonly PageRoom[]>();

  constructor(redis: RedisClient, streams: Iterable<FollowableStream>, options: GroupOptions = {}) {
    this.#redis = redis;
    this.#options = options;
    this.#ahead = new ReadAhead(redis, this.#closing.signal, this.#reuse);
    this.#answers = new PluginAnswers(this.#closing.signal, () => this.#interrupt());
    for (const stream of streams) this.add(stream);
  }

  get #reuse(): boolean {
    return this.#options.reuse ?? false;
  }

  /** Follows one more stream, also during a read. */
  add(stream: FollowableStream, options: CursorOptions = {}): void {
    const { from = 0, maxPoints = 1 } = { ...this.#options, ...options };
    if (!Number.isSafeInteger(from) || from < 0 || !(maxPoints >= 1)) {
      throw new InvalidArgumentError(
        `A cursor starts at an index from 0 and reads 1 point or more: got ${from}, ${maxPoints}.`,
      );
    }
    if (stream.events.redis !== this.#redis) {
      throw new InvalidArgumentError(`Stream "${stream.name}" belongs to another store.`, {
        stream: stream.name,
      });
    }
    if (this.#followers.has(stream)) return;
    this.#followers.set(stream, new Follower(stream, { ...this.#options, ...options }));
    this.#interrupt();
  }

  /** Stops following a stream. */
  remove(stream: FollowableStream): void {
    this.#followers.delete(stream);
  }

  /** The next point of a stream that was not handed out yet. */
  position(stream: FollowableStream): number | undefined {
    return this.#followers.get(stream)?.position;
  }

  /**
   * What has newly arrived: waits for it. Null when all streams are at their end (or there are none), an empty map when
   * `timeout` has passed.
   */
  read(
    options: { signal?: AbortSignal; timeout?: number } = {},
  ): Promise<Map<FollowableStream, StreamView> | null> {
    const reading = this.#reading.then(() => this.#read(options));
    this.#reading = reading.catch(() => {});
    return reading;
  }

  /** Nobody looks at the data of these views any more: with `reuse`, what comes next is received where they are. */
  release(views: ReadonlyMap<FollowableStream, StreamView>): void {
    for (const room of this.#lent.get(views) ?? []) room.release();
    this.#lent.delete(views);
  }

  /** As `read`, for `for await`: with the `signal` of the group, and done when `read` gives null. */
  async next(): Promise<IteratorResult<Map<FollowableStream, StreamView>>> {
    const { signal } = this.#options;
    const views = await this.read(signal ? { signal } : {});
    return views ? { done: false, value: views } : { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Map<FollowableStream, StreamView>>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends a read that is under way (ClosedError) and lets go of all streams. */
  close(): void {
    this.#closing.abort(new ClosedError("The cursor group was closed."));
    this.#interrupt();
    this.#followers.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #read(options: {
    signal?: AbortSignal;
    timeout?: number;
  }): Promise<Map<FollowableStream, StreamView> | null> {
    const deadline = new Deadline(options.timeout);
    for (;;) {
      this.#closing.signal.throwIfAborted();
      options.signal?.throwIfAborted();
      const views = await this.#views(options.signal);
      if (views.size > 0) {
        this.#lent.set(views, this.#rooms.splice(0));
        return views;
      }
      for (const room of this.#rooms.splice(0)) room.release(); // views of plain streams hold all that has come
      if (this.#followers.size === 0) return null;
      if (deadline.passed) return views;
      try {
        await this.#fetch(deadline, options.signal);
      } catch (error) {
        await lookForCulprits(this.#redis, this.#unsealed, error, options.signal);
      }
    }
  }

  /** What the followers can hand out of the events they have; drops those at their end. */
  async #views(signal: AbortSignal | undefined): Promise<Map<FollowableStream, StreamView>> {
    const views = new Map<FollowableStream, StreamView>();
    const plain: Follower[] = [];
    const others: Follower[] = [];
    for (const follower of this.#followers.values()) {
      if (follower.ready) (follower.stream.events === follower.stream ? plain : others).push(follower);
    }
    if (others.length > 0) await this.#answers.ask(others, signal);
    const hand = (follower: Follower, view: StreamView | null) => {
      if (view) views.set(follower.stream, view);
      if (follower.ended) this.#followers.delete(follower.stream);
    };
    const telling = plain.map(async (follower) =>
      hand(follower, await follower.tell(signal, this.#closing.signal)),
    );
    if (telling.length > 0) await (telling.length === 1 ? telling[0] : Promise.all(telling));
    for (const [follower, view] of this.#answers.take()) {
      if (this.#followers.get(follower.stream) === follower) hand(follower, view); // else it has left meanwhile
    }
    return views;
  }

  get #unsealed(): Follower[] {
    return [...this.#followers.values()].filter((follower) => !follower.sealed);
  }

  async #fetch(deadline: Deadline, signal: AbortSignal | undefined): Promise<void> {
    const active = this.#answers.idle(this.#unsealed);
    if (active.length === 0 && this.#answers.expected) {
      await this.#answers.next(Math.min(BLOCK, deadline.left), signal);
      return;
    }
    if (active.some(({ begun }) => !begun)) await lookForFirst(this.#redis, active, signal);
    if (active.some(({ pending }) => pending)) return;
    const jumped = active.some(({ jump }) => jump) && (await lookForNewest(this.#redis, active, signal));
    const wait = !jumped && !active.some(({ closing, sealed }) => closing || sealed);
    const ahead = await this.#ahead.take(active, signal);
    const page =
      ahead ?? (await this.#readNext(active, wait ? Math.min(BLOCK, deadline.left) : undefined, signal));
    if (page === "interrupted") return;
    const { found, full, rooms } = page;
    this.#rooms.push(...rooms);
    for (const follower of active) {
      const entries = found.get(follower.stream.key);
      if (entries) alone(follower, () => follower.receive(entries));
      else if (follower.closing && !ahead) {
        follower.sealed = true;
        this.unsealed.add(follower.stream);
      }
    }
    if (wait && found.size === 0) await lookAtScans(active, signal);
    if (full) this.#ahead.begin(active);
  }

  async #readNext(
    active: readonly Follower[],
    block: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Page | "interrupted"> {
    const reading = active.filter((follower) => !follower.sealed);
    if (reading.length === 0) return { after: new Map(), found: new Map(), full: false, rooms: [] };
    const { command, page } = nextRead(reading, block);
    const room = this.#reuse ? new PageRoom(AIM) : undefined;
    if (block === undefined) return page(await this.#redis.do(command, { signal, room: room?.take }), room);
    if (this.#answers.given) return "interrupted";
    this.#interrupted = false;
    try {
      const options = { signal, room: room?.take, begun: this.#begun };
      return page(await this.#redis.blocking(command, options), room);
    } catch (error) {
      if (!this.#interrupted || signal?.aborted) throw error;
      return "interrupted";
    } finally {
      this.#stop = undefined;
    }
  }

  readonly #begun = (stop: () => void): void => {
    this.#stop = stop;
  };

  #interrupt(): void {
    if (!this.#stop) return;
    this.#interrupted = true;
    this.#stop();
  }
}
