import { Memory } from "../../reusable-memory.js";
import { type Write, WriteLane } from "./write-lane.js";

/** At most so many bytes of chunks wait for compression or the disk; appends wait when there are more. */
const BUDGET = 32 * 2 ** 20;
/** Chunks compressed or written at the same time: enough to keep libuv's four threads busy. */
const PARALLEL = 6;

interface Job {
  /** Released when the job is done. */
  readonly content: Memory;
  run(): Promise<void>;
}

/**
 * Writes of data to places that no reader knows yet, in any order, several at once. A write that failed (disk full) is kept
 * and tried again by the next `settle`; meanwhile nothing new is started.
 */
export class DataWrites {
  /** Writes at once, from within a job. */
  readonly now: (write: Write) => Promise<void>;
  private readonly queue: Job[] = [];
  private failed: Job[] = [];
  private failure: unknown;
  private running = 0;
  private held = 0;
  private waiters: { resolve(): void; reject(error: unknown): void }[] = [];
  private readonly settled = new Set<Promise<void>>();

  constructor(write: (address: number, pieces: readonly Buffer[]) => Promise<void>) {
    const lane = new WriteLane(write);
    this.now = (write) => lane.put(write);
  }

  /** Bytes of data in memory that are not in the file yet. */
  get pending(): number {
    return this.held;
  }

  /** True when more data may be taken at once. */
  get hasRoom(): boolean {
    return this.held <= BUDGET;
  }

  /** Writes bytes that do not change any more. */
  submit({ address, bytes }: Write): Promise<void> {
    return this.write(address, Memory.lent(bytes));
  }

  /** Writes the memory's bytes as they are, and releases it. */
  write(address: number, content: Memory): Promise<void> {
    return this.start(content, () => this.now({ address, bytes: content.bytes }));
  }

  /** Runs a job that ends in a write (compression first), then releases its memory. The result never rejects: see `settle`. */
  start(content: Memory, run: () => Promise<void>): Promise<void> {
    this.held += content.bytes.length;
    const done = new Promise<void>((resolve) => {
      this.queue.push({
        content,
        run: async () => {
          await run();
          resolve();
        },
      });
    });
    this.settled.add(done);
    void done.then(() => this.settled.delete(done));
    this.next();
    return done;
  }

  /** Resolves when there is room for more data in memory; rejects when the disk takes nothing. */
  async room(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.held <= BUDGET) return;
    if (this.failure !== undefined) throw this.failure;
    await new Promise<void>((resolve, reject) => {
      const waiter = {
        resolve: () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        },
        reject: (error: unknown) => {
          signal?.removeEventListener("abort", abort);
          reject(error);
        },
      };
      const abort = (): void => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.waiters.push(waiter);
    });
  }

  /** Everything submitted before this call is in the file; tries once more what had failed, and rejects when it fails again. */
  async settle(): Promise<void> {
    if (this.failure !== undefined) {
      this.queue.unshift(...this.failed);
      this.failed = [];
      this.failure = undefined;
      this.next();
    }
    const all = [...this.settled];
    await new Promise<void>((resolve, reject) => {
      const watcher = { reject };
      this.watchers.add(watcher);
      void Promise.all(all).then(() => {
        this.watchers.delete(watcher);
        resolve();
      });
    });
  }

  private readonly watchers = new Set<{ reject(error: unknown): void }>();

  private next(): void {
    while (this.running < PARALLEL && this.failure === undefined) {
      const job = this.queue.shift();
      if (!job) return;
      this.running++;
      void job.run().then(
        () => {
          this.held -= job.content.bytes.length;
          job.content.release();
          this.finish();
        },
        (error: unknown) => {
          this.failed.push(job);
          this.failure ??= error;
          this.finish();
        },
      );
    }
  }

  private finish(): void {
    this.running--;
    if (this.failure !== undefined) {
      for (const waiter of this.waiters.splice(0)) waiter.reject(this.failure);
      if (this.running === 0) {
        for (const watcher of this.watchers) watcher.reject(this.failure);
        this.watchers.clear();
      }
      return;
    }
    if (this.held <= BUDGET) for (const waiter of this.waiters.splice(0)) waiter.resolve();
    this.next();
  }
}
