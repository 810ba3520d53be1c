/**
 * Runs one piece of work at a time. Calls made while it runs share the run that follows, which begins after all of them: each
 * caller's run sees what was there before its call.
 */
export class SharedRun {
  readonly #work: () => Promise<void>;
  #running: Promise<void> = Promise.resolve();
  /** The run that follows the one under way. */
  #next: Promise<void> | undefined;

  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  run(): Promise<void> {
    this.#next ??= this.settled().then(() => {
      this.#next = undefined;
      this.#running = this.#work();
      return this.#running;
    });
    return this.#next;
  }

  /** Resolves when the run under way has ended, well or not. */
  settled(): Promise<void> {
    return this.#running.catch(() => {});
  }
}
