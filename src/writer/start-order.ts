/** A scan that has no place in its files yet, as those that were created later see it. */
export class StartingScan {
  readonly key: string;
  /** Settles once it is known where the scan belongs, with its `id.path` or the file that holds it; null when it is not written (yet). */
  readonly located: Promise<string | null>;
  /** Settles once the scan's place in its files is taken, or will not be taken soon. */
  readonly begun: Promise<void>;
  #locate: (path: string | null) => void = () => {};
  #begin: () => void = () => {};

  constructor(key: string) {
    this.key = key;
    this.located = new Promise((resolve) => {
      this.#locate = resolve;
    });
    this.begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  locate(path: string | null): void {
    this.#locate(path);
  }

  begin(): void {
    this.#begin();
  }

  /** Later scans need not wait for this one. */
  standBack(): void {
    this.#locate(null);
    this.#begin();
  }
}

/** Lets scans take their places in a file in the order of their creation, whichever is loaded first. */
export class StartOrder {
  readonly #starting = new Set<StartingScan>();

  /** A scan is on its way, until it has begun. */
  add(scan: StartingScan): void {
    this.#starting.add(scan);
    void scan.begun.then(() => this.#starting.delete(scan));
  }

  /** Waits for the scans of the same file that were created earlier. */
  async turnOf(key: string, path: string | null): Promise<void> {
    const earlier = [...this.#starting].filter((other) => other.key < key);
    for (const { located, begun } of earlier) {
      if ((await located) === path) await begun;
    }
  }
}
