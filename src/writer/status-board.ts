import type { Logger } from "pino";
import { messageOf } from "../errors.js";
import type { RedisClient } from "../redis/client.js";
import { POSITIONS_TTL, publishPositions, withdrawPositions } from "../redis/positions.js";
import { writeStatus } from "../redis/writer-records.js";
import { SharedRun } from "./shared-run.js";
import { isFinal, type ScanStatus } from "./status.js";

/** How often what has changed is published (ms). */
const INTERVAL = 500;

/** A scan in hand, as the board asks for it. */
export interface Reporting {
  readonly key: string;
  /** Undefined while another writer has the scan in hand, or nobody. */
  status(): ScanStatus | undefined;
  /** Stream key → first entry in Redis that is not in a file. */
  positions(): ReadonlyMap<string, number>;
}

/**
 * Publishes in Redis what the scans of this writer look like: their statuses for people, their positions for the memory
 * tracker. Redis being away only delays it.
 */
export class StatusBoard {
  readonly #client: RedisClient;
  readonly #writer: string;
  readonly #log: Logger;
  readonly #cutOff: AbortSignal;
  readonly #scans = new Set<Reporting>();
  readonly #published = new Map<string, string>();
  readonly #listeners = new Set<(status: ScanStatus) => void>();
  #positions = new Map<string, number>();
  #positionsAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  /** Whose statuses the next run publishes; everything that has changed when `#allDue`. */
  readonly #due = new Set<Reporting>();
  #allDue: boolean = false;
  /** While Redis is away each run takes its patience: calls share them, or stopping would take that for each scan. */
  readonly #runs = new SharedRun(() => this.#publishDue());

  /** Redis is waited for until `cutOff` aborts. */
  constructor(client: RedisClient, writer: string, log: Logger, cutOff: AbortSignal) {
    this.#client = client;
    this.#writer = writer;
    this.#log = log;
    this.#cutOff = cutOff;
  }

  start(): void {
    let publishing = false; // one warning for each run that fails
    this.#timer ??= setInterval(async () => {
      if (publishing || this.#cutOff.aborted) return;
      publishing = true;
      await this.publish().catch((error: unknown) =>
        this.#log.warn(`Statuses are not published: ${messageOf(error)}`),
      );
      publishing = false;
    }, INTERVAL);
  }

  /** Follows a scan until `remove`. */
  add(scan: Reporting): void {
    this.#scans.add(scan);
  }

  remove(scan: Reporting): void {
    this.#scans.delete(scan);
    this.#published.delete(scan.key);
  }

  /** Calls back with each status that has changed, from now on; the result ends it. */
  listen(listener: (status: ScanStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Publishes everything that has changed, or the status of one scan. */
  publish(scan?: Reporting): Promise<void> {
    if (scan) this.#due.add(scan);
    else this.#allDue = true;
    return this.#runs.run();
  }

  /** Stops; the positions are withdrawn, so that the tracker waits for this writer no longer. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.publish();
    await withdrawPositions(this.#client, this.#writer, { signal: this.#cutOff });
  }

  #publishDue(): Promise<void> {
    const [all, due] = [this.#allDue, [...this.#due]];
    this.#allDue = false;
    this.#due.clear();
    return all ? this.#publishAll() : this.#publishStatuses(due);
  }

  async #publishAll(): Promise<void> {
    await Promise.all([this.#publishPositions(), this.#publishStatuses([...this.#scans])]);
  }

  /** Issued together: one round trip for all. */
  async #publishStatuses(scans: readonly Reporting[]): Promise<void> {
    const statuses = scans.flatMap((scan) => scan.status() ?? []);
    await Promise.all(statuses.map((status) => this.#publishStatus(status)));
  }

  async #publishStatus(status: ScanStatus): Promise<void> {
    const text = JSON.stringify(status);
    if (this.#published.get(status.scan) === text) return;
    await writeStatus(this.#client, status.scan, text, isFinal(status), { signal: this.#cutOff });
    this.#published.set(status.scan, text);
    for (const listener of this.#listeners) listener(status);
  }

  async #publishPositions(): Promise<void> {
    const positions = new Map([...this.#scans].flatMap((scan) => [...scan.positions()]));
    const changed = [...positions].filter(([stream, index]) => this.#positions.get(stream) !== index);
    const done = [...this.#positions.keys()].filter((stream) => !positions.has(stream));
    const due = performance.now() > this.#positionsAt + POSITIONS_TTL / 4;
    if (changed.length === 0 && done.length === 0 && !due) return;
    // When it was away for long, the hash may be gone: then everything is told again.
    const sent = performance.now() > this.#positionsAt + POSITIONS_TTL ? positions : new Map(changed);
    await publishPositions(this.#client, this.#writer, sent, done, { signal: this.#cutOff });
    this.#positions = positions;
    this.#positionsAt = performance.now();
  }
}
