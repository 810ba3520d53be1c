import { linkedController } from "../waiting.js";

/** A wait under way. */
export interface Wait {
  /** Aborts like the caller's signal, or when the file is closed. */
  readonly signal: AbortSignal;
  end(): void;
}

/** What waits for news in one open file: closing the file ends it. */
export class Waits {
  readonly #under = new Set<AbortController>();
  #closed: (() => Error) | undefined;

  /** Whoever begins a wait ends it. Throws when the file is closed already, or the signal has aborted. */
  begin(signal: AbortSignal | undefined): Wait {
    if (this.#closed) throw this.#closed();
    const { controller, unlink } = linkedController(signal);
    this.#under.add(controller);
    return {
      signal: controller.signal,
      end: () => {
        unlink();
        this.#under.delete(controller);
      },
    };
  }

  async during<T>(signal: AbortSignal | undefined, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const wait = this.begin(signal);
    try {
      return await run(wait.signal);
    } finally {
      wait.end();
    }
  }

  /** `reason` makes the error: most files are closed while nobody waits, and making one takes its time. */
  close(reason: () => Error): void {
    this.#closed = reason;
    for (const controller of this.#under) controller.abort(reason());
  }
}
