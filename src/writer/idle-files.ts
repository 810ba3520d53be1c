import type { RedisClient } from "../redis/client.js";
import { nextRequests } from "../redis/leases.js";
import { sleep } from "../waiting.js";

/** How long a file stays open after its last scan (ms). */
const LINGER = 1_000;
/** How long one look at the requests blocks (ms); between looks nothing is missed. */
const BLOCK = 5_000;
const AFTER_ERROR = 1_000;

/**
 * Files that nobody writes to at present. They stay open for a moment, as scans often follow each other into one file, and
 * opening and closing it takes longer than a short scan; a writer that asks for one of them gets it at once.
 */
export class IdleFiles {
  readonly #client: RedisClient;
  readonly #owner: string;
  readonly #close: (path: string) => void;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Asked for while they were in use. */
  readonly #wanted = new Set<string>();
  readonly #ending = new AbortController();
  #watching: boolean = false;
  #since = "0-0";

  /** `close` is called for a file whose time is over. */
  constructor(client: RedisClient, owner: string, close: (path: string) => void) {
    this.#client = client;
    this.#owner = owner;
    this.#close = close;
  }

  add(path: string): void {
    const linger = this.#wanted.delete(path) || this.#ending.signal.aborted ? 0 : LINGER;
    clearTimeout(this.#timers.get(path));
    this.#timers.set(
      path,
      setTimeout(() => this.#expire(path), linger),
    );
    void this.#watch(this.#ending.signal);
  }

  /** The file is in use again, or closed. */
  remove(path: string): void {
    clearTimeout(this.#timers.get(path));
    this.#timers.delete(path);
  }

  /** From now on no file is kept open. */
  end(): void {
    this.#ending.abort();
    for (const path of [...this.#timers.keys()]) this.#expire(path);
  }

  #expire(path: string): void {
    this.remove(path);
    this.#close(path);
  }

  /** Runs while there are idle files. */
  async #watch(signal: AbortSignal): Promise<void> {
    if (this.#watching) return;
    this.#watching = true;
    while (this.#timers.size > 0 && !signal.aborted) {
      try {
        const { last, paths } = await nextRequests(this.#client, this.#owner, this.#since, BLOCK, { signal });
        this.#since = last;
        for (const path of paths) {
          if (this.#timers.has(path)) this.#expire(path);
          else this.#wanted.add(path);
        }
      } catch {
        // Redis is away: files are closed when their time is over.
        await sleep(AFTER_ERROR, signal).catch(() => {});
      }
    }
    this.#wanted.clear();
    this.#watching = false;
  }
}
