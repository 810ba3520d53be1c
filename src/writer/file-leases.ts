import { messageOf } from "../errors.js";
import type { RedisClient } from "../redis/client.js";
import { LEASE_TTL, leaseOf, releaseLease, renewLease, takeLease } from "../redis/leases.js";
import { FileUnavailableError } from "./errors.js";
import { isDeadWriter } from "./writer-id.js";

/** The right to write one file, until it is released or lost. */
export interface FileLease {
  readonly path: string;
  /** Aborts with a FileUnavailableError when the lease is lost: what is known of the file is worth nothing then. */
  readonly lost: AbortSignal;
  /** False when the lease is lost, or has run out by this machine's clock. */
  readonly holds: boolean;
  /** Throws when the lease has run out, by this machine's clock: to be asked before each write. */
  check(): void;
  /** Gives the file back. Idempotent. */
  release(): Promise<void>;
}

interface Held extends FileLease {
  /** Until when it holds, in performance.now() ms. */
  until: number;
  readonly abort: (reason: unknown) => void;
}

/** Leases are renewed when a third of their time is over, so that a slow server costs nothing. */
const RENEWALS_PER_TTL = 3;

/** The leases of one writer process; renewed by one timer while there are any. */
export class FileLeases {
  readonly #client: RedisClient;
  readonly #owner: string;
  readonly #cutOff: AbortSignal | undefined;
  readonly #ttl: number;
  readonly #held = new Map<string, Held>();
  #timer: NodeJS.Timeout | undefined;

  /** `cutOff`: Redis is not waited for any more; leases that are not given back run out. */
  constructor(client: RedisClient, owner: string, options: { ttl?: number; cutOff?: AbortSignal } = {}) {
    this.#client = client;
    this.#owner = owner;
    this.#cutOff = options.cutOff;
    this.#ttl = options.ttl ?? LEASE_TTL;
  }

  /** The lease of a file, undefined while another writer holds it. */
  async take(
    path: string,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<FileLease | undefined> {
    const before = performance.now();
    const taken = await takeLease(this.#client, path, this.#owner, { ...options, ttl: this.#ttl });
    if (!taken && !(await this.#inherit(path, options))) return undefined;
    const held = this.#hold(path, before + this.#ttl);
    this.#held.set(path, held);
    this.#timer ??= setInterval(() => void this.#renewAll(), this.#ttl / RENEWALS_PER_TTL);
    return held;
  }

  /** Takes a lease over from a writer of this machine that is dead. */
  async #inherit(path: string, options: { signal?: AbortSignal | undefined }): Promise<boolean> {
    const present = await leaseOf(this.#client, path, options);
    if (!present || !isDeadWriter(present.owner)) return false;
    return takeLease(this.#client, path, this.#owner, { ...options, ttl: this.#ttl, from: present.owner });
  }

  #hold(path: string, until: number): Held {
    const controller = new AbortController();
    const held: Held = {
      path,
      until,
      lost: controller.signal,
      get holds() {
        return !controller.signal.aborted && performance.now() <= held.until;
      },
      abort: (reason) => controller.abort(reason),
      check: () => {
        held.lost.throwIfAborted();
        if (!held.holds) throw lostError(path);
      },
      release: async () => {
        if (this.#held.get(path) !== held) return;
        this.#forget(held);
        await this.#giveBack(path);
      },
    };
    return held;
  }

  async #giveBack(path: string): Promise<void> {
    try {
      await releaseLease(this.#client, path, this.#owner, { signal: this.#cutOff });
    } catch (cause) {
      const message = `The lease of ${path} was not given back, it runs out in ${this.#ttl / 1000} s: ${messageOf(cause)}`;
      throw new FileUnavailableError(message, { path, cause });
    }
  }

  async #renewAll(): Promise<void> {
    await Promise.all([...this.#held.values()].map((held) => this.#renew(held)));
  }

  async #renew(held: Held): Promise<void> {
    const before = performance.now();
    try {
      const renewed = await renewLease(this.#client, held.path, this.#owner, { ttl: this.#ttl });
      if (renewed) {
        held.until = before + this.#ttl;
        return;
      }
    } catch {
      // Redis is away: the lease stands until it runs out.
      if (performance.now() < held.until) return;
    }
    if (this.#held.get(held.path) !== held) return;
    this.#forget(held);
    held.abort(lostError(held.path));
  }

  #forget(held: Held): void {
    this.#held.delete(held.path);
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function lostError(path: string): FileUnavailableError {
  return new FileUnavailableError(
    `The lease of ${path} ran out, because this process or Redis stood still: another writer may have taken the file.`,
    { path },
  );
}
