import { Redis } from "ioredis";
import { ClosedError, messageOf } from "../errors.js";
import { abortable, sleep } from "../waiting.js";
import { commandError, RedisAccessError, RedisConnectionLostError, RedisUnreachableError } from "./errors.js";
import type { Target, TargetOptions } from "./target.js";

export type Arg = string | number | Uint8Array;
/** A reply of RESP 2; errors occur only inside the replies of pipelines and transactions. */
export type Reply = Buffer | number | null | Error | readonly Reply[];

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Ask again when the connection breaks half-way: for commands that change nothing, or nothing twice. */
  readonly repeatable?: boolean;
  /** Milliseconds to wait for a server that is away. */
  readonly patience?: number;
}

const FIRST_DELAY = 50;
const LONGEST_DELAY = 2_000;
/** How long calls wait for a server that is away; a socket silent for as long while a reply is due is dead. */
const PATIENCE = 15_000;
/** How long publishers and followers wait, so that they outlive a restart of the server. */
export const LONG_PATIENCE = 60_000;
const SILENCE = 15_000;

/**
 * One connection to Redis that comes back by itself: the next call after a break connects again, with growing delays.
 * Commands are pipelined in the order of the calls. A reply that the break swallowed is asked for again when the call is
 * repeatable, and a RedisConnectionLostError when not: ioredis' own resending would repeat writes.
 */
export class Connection {
  readonly target: Target;
  readonly #name: string;
  #client: Redis | undefined;
  #connecting: Promise<Redis> | undefined;
  readonly #closing = new AbortController();
  /** Grows with each new socket: what was sent on an older one may be lost. */
  generation = 0;

  constructor(target: Target, name: string) {
    this.target = target;
    this.#name = name;
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
    if (this.#client) disconnect(this.#client);
    this.#client = undefined;
  }

  close(): void {
    if (this.closed) return;
    this.#closing.abort(new ClosedError(`The connection to ${this.target.label} was closed.`));
    this.drop();
  }

  async #run(commands: readonly (readonly Arg[])[], options: CallOptions): Promise<readonly Reply[]> {
    if (commands.length === 0) return [];
    for (;;) {
      options.signal?.throwIfAborted();
      const client =
        this.#current() ?? (await abortable(this.#ready(options.patience ?? PATIENCE), options.signal));
      try {
        return await abortable(send(client, commands), options.signal);
      } catch (cause) {
        if (options.signal?.aborted) throw options.signal.reason;
        if (this.closed) throw this.#closing.signal.reason;
        if (options.repeatable) continue;
        throw new RedisConnectionLostError(
          `The connection to Redis at ${this.target.label} broke during ${nameOf(commands[0] ?? [])}: it may or may not have been carried out.`,
          { cause },
        );
      }
    }
  }

  #current(): Redis | undefined {
    return this.#client?.status === "ready" ? this.#client : undefined;
  }

  #ready(patience: number): Promise<Redis> {
    const current = this.#current();
    if (current) return Promise.resolve(current);
    this.#connecting ??= this.#establish(patience).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #establish(patience: number): Promise<Redis> {
    const end = performance.now() + patience;
    for (let delay = FIRST_DELAY; ; delay = Math.min(2 * delay, LONGEST_DELAY)) {
      this.#closing.signal.throwIfAborted();
      try {
        const client = await this.#open();
        this.generation++;
        return client;
      } catch (error) {
        if (this.closed) throw this.#closing.signal.reason;
        if (error instanceof RedisAccessError) throw error;
        if (performance.now() + delay > end) {
          throw new RedisUnreachableError(
            `Cannot reach Redis at ${this.target.label}: ${messageOf(error)}. Is the server running?`,
            { cause: error },
          );
        }
        await sleep(delay, this.#closing.signal);
      }
    }
  }

  async #open(): Promise<Redis> {
    if (this.#client) disconnect(this.#client);
    const options: TargetOptions = {
      ...this.target.options,
      protocol: 2,
      lazyConnect: true,
      retryStrategy: null,
      maxRetriesPerRequest: null,
      connectTimeout: 5_000,
      socketTimeout: SILENCE,
      connectionName: `nxlive-${this.#name}`,
    };
    const client = new Redis(options);
    this.#client = client;
    let reason: unknown;
    client.on("error", (error) => {
      reason = error;
    });
    try {
      await client.connect();
      return client;
    } catch (error) {
      disconnect(client);
      const translated = commandError(reason ?? error, "the connection");
      throw translated instanceof RedisAccessError ? translated : (reason ?? error);
    }
  }
}

/** Rejects only when the connection breaks; errors of commands are replies. */
async function send(client: Redis, commands: readonly (readonly Arg[])[]): Promise<readonly Reply[]> {
  const pipeline = client.pipeline();
  for (const [name, ...args] of commands) {
    pipeline.callBuffer(
      String(name),
      ...args.map((arg) => (arg instanceof Uint8Array ? asBuffer(arg) : arg)),
    );
  }
  const results = (await pipeline.exec()) ?? [];
  return results.map(([error, reply]) => {
    if (!error) return reply as Reply;
    if (isReplyError(error) && !/^(READONLY|LOADING|MASTERDOWN)/.test(error.message)) return error;
    disconnect(client); // broken, or a server that has become a replica or is still loading: connect anew
    throw error;
  });
}

/** ioredis would wait 2 s for a socket that has closed already to close, and keep the process alive for it. */
function disconnect(client: Redis): void {
  if (client.status !== "close" && client.status !== "end") client.disconnect();
}

function isReplyError(error: Error): boolean {
  return error.name === "ReplyError";
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function nameOf(command: readonly Arg[]): string {
  const [name, sub] = command;
  return name === "FT.CONFIG" || name === "CONFIG" || name === "FUNCTION" ? `${name} ${sub}` : String(name);
}
