import { InvalidArgumentError, TimeoutError } from "./errors.js";

/** Settles as the promise does, or rejects with the signal's reason when it aborts first. Leaves no listener. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  promise.catch(() => {}); // the caller may have left when it fails
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** A call that several wait for, each with a signal of its own: it is aborted when the last of them has left. */
export class SharedCall<T> {
  readonly #ending = new AbortController();
  readonly #result: Promise<T>;
  #callers = 0;
  /** True once it has rejected, or nobody waits for it any more. */
  failed: boolean = false;

  constructor(call: (signal: AbortSignal) => Promise<T>) {
    this.#result = call(this.#ending.signal);
    this.#result.catch(() => {
      this.failed = true;
    });
  }

  async wait(signal: AbortSignal | undefined): Promise<T> {
    this.#callers++;
    let left = true;
    try {
      return await abortable(
        this.#result.finally(() => {
          left = false;
        }),
        signal,
      );
    } finally {
      if (--this.#callers === 0 && left) {
        this.failed = true;
        this.#ending.abort(signal?.reason);
      }
    }
  }
}

/** What Node's timers can wait for, 25 days: with more they would end at once. */
const LONGEST = 2 ** 31 - 1;

/**
 * Resolves after some milliseconds, at most 25 days; rejects at once when the signal aborts. Leaves neither timer nor
 * listener.
 */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      },
      Math.min(milliseconds, LONGEST),
    );
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** A moment until which to wait; without a timeout it never comes. */
export class Deadline {
  readonly #end: number;

  constructor(timeout: number | undefined) {
    if (Number.isNaN(timeout)) throw new InvalidArgumentError("timeout must be milliseconds, not NaN.");
    this.#end = timeout === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeout;
  }

  /** Milliseconds left, 0 when it has passed. */
  get left(): number {
    return Math.max(0, this.#end - performance.now());
  }

  get passed(): boolean {
    return this.left === 0;
  }

  /** Throws TimeoutError when it has passed; `what` completes "Timed out waiting for …". */
  check(what: () => string): void {
    if (this.passed) throw new TimeoutError(`Timed out waiting for ${what()}.`);
  }
}

/** A controller that aborts as the signal does, too, until `unlink` is called. Throws when the signal has aborted. */
export function linkedController(signal: AbortSignal | undefined): {
  readonly controller: AbortController;
  unlink(): void;
} {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  return { controller, unlink: () => signal?.removeEventListener("abort", abort) };
}

/** Runs with a signal that aborts like the caller's, or with a TimeoutError when the time is over. */
export async function withTimeout<T>(
  timeout: number | undefined,
  signal: AbortSignal | undefined,
  what: () => string,
  run: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  if (timeout === undefined || timeout > LONGEST) return run(signal);
  const { controller, unlink } = linkedController(signal);
  const timer = setTimeout(
    () => controller.abort(new TimeoutError(`Timed out after ${timeout} ms waiting for ${what()}.`)),
    timeout,
  );
  try {
    return await run(controller.signal);
  } finally {
    clearTimeout(timer);
    unlink();
  }
}

/** Work may go on for so long before timers and sockets have their turn. */
const TURN_MS = 5;
let lastTurn = 0;

/** To be awaited now and then in work that never waits by itself: lets others have their turn when it has been long. */
export function othersTurn(): Promise<void> | undefined {
  if (performance.now() - lastTurn < TURN_MS) return undefined;
  return new Promise((resolve) => {
    setImmediate(() => {
      lastTurn = performance.now();
      resolve();
    });
  });
}
