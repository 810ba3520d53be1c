import { ClosedError, messageOf } from "../errors.js";
import { abortable, sleep } from "../waiting.js";
import { commandError, RedisAccessError, RedisConnectionLostError, RedisUnreachableError } from "./errors.js";
import { logIn } from "./login.js";
import type { Target } from "./target.js";
import type { Room, Wire } from "./wire.js";

export type Arg = string | number | Uint8Array;
/** A reply of RESP 2; errors occur only inside the replies of pipelines and transactions. */
export type Reply = Buffer | number | null | Error | readonly Reply[];

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Ask again when the connection breaks half-way: for commands that change nothing, or nothing twice. */
  readonly repeatable?: boolean;
  /** Milliseconds to wait for a server that is away. */
  readonly patience?: number;
  /** Send over the socket of this generation or not at all: what comes earlier in the order may be lost with it. */
  readonly generation?: number;
  /** Memory for the large texts of the replies, one after the other; what does not fit is elsewhere. */
  readonly room?: Room | undefined;
}

const FIRST_DELAY = 50;
const LONGEST_DELAY = 2_000;
/** How long calls wait for a server that is away; a socket silent for as long while a reply is due is dead. */
const PATIENCE = 15_000;
/** How long publishers and followers wait, so that they outlive a restart of the server. */
export const LONG_PATIENCE = 60_000;
const SILENCE = 15_000;
/** A call that breaks the connection so often is not the connection's victim, but the cause. */
const MOST_BREAKS = 10;
const CONNECT_TIMEOUT = 5_000;

/**
 * One connection to Redis that comes back by itself: the next call after a break connects again, with growing delays.
 * Commands are pipelined in the order of the calls. A reply that the break swallowed is asked for again when the call is
 * repeatable, and a RedisConnectionLostError when not.
 */
export class Connection {
  readonly target: Target;
  readonly #name: string;
  readonly #silence: number;
  #wire: Wire | undefined;
  #connecting: Promise<Wire> | undefined;
  readonly #closing = new AbortController();
  /** Grows with each new socket: what was sent on an older one may be lost. */
  generation = 0;
  /** Requests made so far, and how many of them are over: replies come in the order of the requests. */
  asked = 0;
  settled = 0;

  /** `silence`: after so many milliseconds without a reply that is due, the socket is dead. */
  constructor(target: Target, name: string, silence = SILENCE) {
    this.target = target;
    this.#name = name;
    this.#silence = silence;
  }

  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Connects now; calls do so by themselves. Without `patience`, one failure is final. */
  async connect(options: { signal?: AbortSignal | undefined; patience?: number } = {}): Promise<void> {
    await abortable(this.#ready(options.patience ?? PATIENCE), options.signal);
  }

  /** One command. */
  async call(args: readonly Arg[], options: CallOptions = {}): Promise<Reply> {
    const [reply] = await this.#run([args], options);
    if (reply instanceof Error) throw commandError(reply, nameOf(args));
    return reply ?? null;
  }

  /** Several commands in one write; errors of single commands are replies. */
  pipeline(commands: readonly (readonly Arg[])[], options: CallOptions = {}): Promise<readonly Reply[]> {
    return this.#run(commands, options);
  }

  /** Several commands in one MULTI/EXEC; the first error of any of them is thrown. */
  async transaction(
    commands: readonly (readonly Arg[])[],
    options: CallOptions = {},
  ): Promise<readonly Reply[]> {
    const replies = await this.#run([["MULTI"], ...commands, ["EXEC"]], options);
    commands.forEach((command, i) => {
      const queued = replies[i + 1];
      if (queued instanceof Error) throw commandError(queued, nameOf(command));
    });
    const results = replies.at(-1);
    if (results instanceof Error || !Array.isArray(results)) throw commandError(results, "EXEC");
    results.forEach((result: Reply, i) => {
      if (result instanceof Error) throw commandError(result, nameOf(commands[i] ?? []));
    });
    return results;
  }

  /** Drops the socket: commands under way fail, the next call connects again. */
  drop(): void {
    this.#wire?.close();
    this.#wire = undefined;
  }

  close(): void {
    if (this.closed) return;
    this.#closing.abort(new ClosedError(`The connection to ${this.target.label} was closed.`));
    this.drop();
  }

  async #run(commands: readonly (readonly Arg[])[], options: CallOptions): Promise<readonly Reply[]> {
    if (commands.length === 0) return [];
    this.asked++;
    try {
      return await this.#insist(commands, options);
    } finally {
      this.settled++;
    }
  }

  async #insist(commands: readonly (readonly Arg[])[], options: CallOptions): Promise<readonly Reply[]> {
    for (let breaks = 1; ; breaks++) {
      options.signal?.throwIfAborted();
      const wire =
        this.#current() ?? (await abortable(this.#ready(options.patience ?? PATIENCE), options.signal));
      try {
        if (options.generation !== undefined && options.generation !== this.generation)
          throw new Error("another socket has taken the place of the one meant");
        return await abortable(wire.run(commands, options.room), options.signal);
      } catch (cause) {
        if (options.signal?.aborted) throw options.signal.reason;
        if (this.closed) throw this.#closing.signal.reason;
        if (options.repeatable && breaks < MOST_BREAKS) {
          if (breaks > 1) await sleep(delayAfter(breaks), options.signal);
          continue;
        }
        throw new RedisConnectionLostError(
          `The connection to Redis at ${this.target.label} broke during ${nameOf(commands[0] ?? [])}: it may or may not have been carried out.`,
          { cause },
        );
      }
    }
  }

  #current(): Wire | undefined {
    return this.#wire?.broken === false ? this.#wire : undefined;
  }

  #ready(patience: number): Promise<Wire> {
    const current = this.#current();
    if (current) return Promise.resolve(current);
    this.#connecting ??= this.#establish(patience).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #establish(patience: number): Promise<Wire> {
    const end = performance.now() + patience;
    for (let failures = 1; ; failures++) {
      const delay = delayAfter(failures);
      this.#closing.signal.throwIfAborted();
      try {
        const wire = await this.#open();
        if (this.closed) wire.close();
        this.#closing.signal.throwIfAborted();
        this.#wire = wire;
        this.generation++;
        return wire;
      } catch (error) {
        if (this.closed) throw this.#closing.signal.reason;
        if (error instanceof RedisAccessError) throw error;
        if (!(performance.now() + delay <= end)) {
          throw new RedisUnreachableError(
            `Cannot reach Redis at ${this.target.label}: ${messageOf(error).replace(/[\s.]+$/, "")}. Is the server running?`,
            { cause: error },
          );
        }
        await sleep(delay, this.#closing.signal);
      }
    }
  }

  #open(): Promise<Wire> {
    this.drop();
    return logIn(this.target, {
      name: `nxlive-${this.#name}`,
      timeout: CONNECT_TIMEOUT,
      silence: this.#silence,
      signal: this.#closing.signal,
    });
  }
}

function delayAfter(failures: number): number {
  return Math.min(FIRST_DELAY * 2 ** (failures - 1), LONGEST_DELAY);
}

function nameOf(command: readonly Arg[]): string {
  const [name, sub] = command;
  return name === "FT.CONFIG" || name === "CONFIG" || name === "FUNCTION" ? `${name} ${sub}` : String(name);
}
