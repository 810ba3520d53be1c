import { ClosedError } from "../errors.js";
import type { Command } from "./commands.js";
import { type CallOptions, Connection, LONG_PATIENCE } from "./connection.js";
import { commandError } from "./errors.js";
import { parseTarget, type Target } from "./target.js";
import type { Room } from "./wire.js";

type Results<T extends readonly Command<unknown>[]> = {
  -readonly [K in keyof T]: T[K] extends Command<infer R> ? R : never;
};

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Memory for the large texts of the replies, one after the other; what does not fit is elsewhere. */
  readonly room?: Room | undefined;
}

export interface BlockingOptions extends RequestOptions {
  /** Is given what ends the read, which fails then: cheaper than a signal for each of many short reads. */
  readonly begun?: (stop: () => void) => void;
}

/** How long the server may block one read; then it is asked anew, so that dead connections are found. */
export const BLOCK = 5_000;
/** How much later than the block's end a reply may come. */
const GRACE = 5_000;
/** So many connections for blocking reads are kept, and are used at once by those who could do with one. */
const READERS = 32;

/**
 * A Redis database: one connection for commands, one for publishing, and one for each blocking read under way, which are
 * kept for later ones. All come back by themselves after a break.
 */
export class RedisClient {
  readonly target: Target;
  readonly commands: Connection;
  readonly publishing: Connection;
  readonly #idle: Connection[] = [];
  readonly #busy = new Set<Connection>();
  readonly #closing = new AbortController();

  constructor(url: string) {
    this.target = parseTarget(url);
    this.commands = new Connection(this.target, "commands");
    this.publishing = new Connection(this.target, "publishing");
  }

  /** One command's result. */
  async do<T>(command: Command<T>, options: RequestOptions = {}): Promise<T> {
    return command.parse(await this.commands.call(command.args, callOptions([command], options)));
  }

  /** The results of several commands in one round trip; the first error of any is thrown. */
  async all<const T extends readonly Command<unknown>[]>(
    commands: T,
    options: RequestOptions = {},
  ): Promise<Results<T>> {
    const replies = await this.commands.pipeline(
      commands.map(({ args }) => args),
      callOptions(commands, options),
    );
    return commands.map(({ args, parse }, i) => {
      const reply = replies[i] ?? null;
      if (reply instanceof Error) throw commandError(reply, String(args[0]));
      return parse(reply);
    }) as Results<T>;
  }

  /** As `all`, all of them or none, with nothing of others in between. */
  async atomically<const T extends readonly Command<unknown>[]>(
    commands: T,
    options: RequestOptions = {},
  ): Promise<Results<T>> {
    const replies = await this.commands.transaction(
      commands.map(({ args }) => args),
      callOptions(commands, options),
    );
    return commands.map(({ parse }, i) => parse(replies[i] ?? null)) as Results<T>;
  }

  /**
   * A command that blocks on the server for at most `block` milliseconds, up to BLOCK, on a connection of its own.
   * Aborting closes that connection, and so does what `begun` is given; one that stays silent for longer is closed, too,
   * and the read repeated on a new one.
   */
  async blocking<T>(command: Command<T>, options: BlockingOptions = {}): Promise<T> {
    const { signal, room, begun } = options;
    this.#closing.signal.throwIfAborted();
    signal?.throwIfAborted();
    const connection = this.#idle.pop() ?? new Connection(this.target, "waiting", BLOCK + GRACE);
    this.#busy.add(connection);
    const stop = () => connection.close();
    signal?.addEventListener("abort", stop, { once: true });
    begun?.(stop);
    let healthy = false;
    try {
      const { args, repeatable } = command;
      const reply = await connection.call(args, { repeatable, room, patience: LONG_PATIENCE });
      healthy = true;
      return command.parse(reply);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#busy.delete(connection);
      if (healthy && this.#idle.length < READERS && !this.closed && !connection.closed)
        this.#idle.push(connection);
      else connection.close();
    }
  }

  /** How many connections somebody who could do with one may use for blocking reads at the same time. */
  get spareReaders(): number {
    return Math.max(1, READERS - this.#busy.size);
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Idempotent; calls under way fail with ClosedError. */
  close(): void {
    this.#closing.abort(new ClosedError(`The connection to ${this.target.label} was closed.`));
    for (const connection of [this.commands, this.publishing, ...this.#idle, ...this.#busy])
      connection.close();
    this.#idle.length = 0;
  }
}

function callOptions(commands: readonly Command<unknown>[], options: RequestOptions): CallOptions {
  const repeatable = commands.every((command) => command.repeatable);
  return { signal: options.signal, room: options.room, repeatable };
}
