import PQueue from "p-queue";

/** A scan that waits for data longer than this lends its slot to others (ms). */
const PATIENCE = 100;
/** A scan that has held its slot for so long gives way to those who wait (ms). */
const TURN = 1_000;

/**
 * How many scans are worked on at the same time. A scan holds a slot while it has something to write; while it waits
 * for data it holds none, so open or dead scans never keep others out. Slots are given in the order of asking.
 */
export class Slots {
  readonly #queue: PQueue;

  constructor(concurrency: number) {
    this.#queue = new PQueue({ concurrency });
  }

  /** Who asks now has to wait. */
  get full(): boolean {
    return this.#queue.pending >= this.#queue.concurrency;
  }

  /** Waits for a free slot. */
  async take(signal: AbortSignal): Promise<Slot> {
    const slot = new Slot(this.#queue);
    await slot.take(signal);
    return slot;
  }
}

export class Slot {
  readonly #queue: PQueue;
  #giveBack: (() => void) | undefined;
  #since = 0;

  constructor(queue: PQueue) {
    this.#queue = queue;
  }

  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const held = () =>
        new Promise<void>((giveBack) => {
          this.#giveBack = giveBack;
          this.#since = performance.now();
          resolve();
        });
      this.#queue.add(held, { signal }).catch(reject);
    });
    if (signal.aborted) this.release();
    signal.throwIfAborted();
  }

  /** Idempotent. */
  release(): void {
    this.#giveBack?.();
    this.#giveBack = undefined;
  }

  /** The result of a wait, during which the slot is lent out when it takes longer than a moment. */
  async during<T>(wait: Promise<T>, signal: AbortSignal): Promise<T> {
    wait.catch(() => {}); // awaited below, perhaps after an abort
    const settled = wait.then(
      () => false,
      () => false,
    );
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<boolean>((resolve) => {
      const overdue = performance.now() > this.#since + TURN && this.#queue.size > 0;
      timer = setTimeout(resolve, overdue ? 0 : PATIENCE, true);
    });
    const lend = await Promise.race([settled, patience]);
    clearTimeout(timer);
    if (!lend) return wait;
    this.release();
    try {
      return await wait;
    } finally {
      await this.take(signal);
    }
  }
}
