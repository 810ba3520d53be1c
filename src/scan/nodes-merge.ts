interface Arrival<T> {
  readonly source: AsyncIterator<T, undefined>;
  readonly result: IteratorResult<T, undefined>;
}

/**
 * Several iterations as one, in the order in which their items come. Sources may join at any time; the whole ends when
 * all have ended, or fails with the first that fails. One item of each source is fetched ahead.
 */
export class Merged<T> {
  readonly #arrivals: Arrival<T>[] = [];
  #active = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  add(source: AsyncIterator<T, undefined>): void {
    this.#active++;
    this.#pull(source);
  }

  /** The items; the sources are not ended by leaving early: abort their signal. */
  async *items(): AsyncGenerator<T, undefined, undefined> {
    for (;;) {
      const arrival = this.#arrivals.shift();
      if (arrival) {
        if (arrival.result.done) this.#active--;
        else {
          yield arrival.result.value;
          this.#pull(arrival.source);
        }
      } else if (this.#failure) {
        throw this.#failure.error;
      } else if (this.#active === 0) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #pull(source: AsyncIterator<T, undefined>): void {
    source
      .next()
      .then(
        (result) => {
          this.#arrivals.push({ source, result });
        },
        (error: unknown) => {
          this.#failure ??= { error };
        },
      )
      .finally(() => this.#wake?.());
  }
}
