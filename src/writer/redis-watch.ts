import { setMaxListeners } from "node:events";
import type { Logger } from "pino";
import type { RedisClient } from "../redis/client.js";
import { dbsize } from "../redis/commands.js";
import { RedisUnreachableError } from "../redis/errors.js";
import { sleep } from "../waiting.js";

/** How long a writer that ends waits for Redis to answer, and how often it asks (ms). */
const PATIENCE = 3_000;
const LOOKS = 1_000;

/**
 * Whether Redis is there. A writer at work waits for it as long as it takes; one that ends does not: it lets go of what needs
 * Redis as soon as that does not answer.
 */
export class RedisWatch {
  readonly #client: RedisClient;
  readonly #log: Logger;
  readonly #away = new AbortController();
  #watching: boolean = false;

  constructor(client: RedisClient, log: Logger) {
    this.#client = client;
    this.#log = log;
    setMaxListeners(0, this.cutOff); // one for each scan and file that Redis is told of
  }

  /** Aborts when the writer ends and Redis does not answer: for all that is still to be told. */
  get cutOff(): AbortSignal {
    return this.#away.signal;
  }

  /** True when Redis answers within some milliseconds. */
  answers(patience: number): Promise<boolean> {
    return this.#client.do(dbsize(), { signal: AbortSignal.timeout(patience) }).then(
      () => true,
      () => false,
    );
  }

  /** The writer ends: looks after Redis until `ended` aborts. Idempotent. */
  async ending(ended: AbortSignal): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    while (await this.answers(PATIENCE)) {
      await sleep(LOOKS, ended).catch(() => {});
      if (ended.aborted) return;
    }
    if (ended.aborted || this.#client.closed) return;
    const reason = new RedisUnreachableError(`Redis at ${this.#client.target.label} does not answer.`);
    this.#log.warn(
      `${reason.message} The writer ends without it: what it has read is in the files, the next writer goes on.`,
    );
    this.#away.abort(reason);
  }
}
