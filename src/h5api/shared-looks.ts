import type { Connection } from "../redis/connection.js";

/** Calls in one turn that a look serves at most: who asks again and again waits for news. */
const SERVED = 100;

/** Lets one look at Redis serve all who want to know what is there at the time of their call. */
export class SharedLooks {
  readonly #connection: Pick<Connection, "asked" | "settled">;
  readonly #look: () => Promise<void>;
  /** What the look under way is told came in this turn of the event loop. */
  #heard: boolean = false;
  /** How many more calls the last look serves, in this turn. */
  #serves = 0;
  /** The last of the requests to Redis by which it knew; what was asked for later may be news. */
  #asked = 0;
  #looking: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** `look` says `heard` when the reply came that tells what is new. */
  constructor(connection: Pick<Connection, "asked" | "settled">, look: () => Promise<void>) {
    this.#connection = connection;
    this.#look = look;
  }

  /** Settles with a look that began after this call; undefined when the last one told all that can be known now. */
  share(): Promise<void> | undefined {
    if (this.#serves > 0 && this.#connection.settled <= this.#asked) {
      this.#serves--;
      return undefined;
    }
    if (!this.#looking) return this.#begin();
    // A look under way may have missed what happened just now: share the one after it.
    this.#next ??= this.#looking.catch(() => {}).then(() => this.#begin());
    return this.#next;
  }

  /**
   * What Redis has just said holds for all who ask before this turn of the event loop ends: nobody here can know more,
   * unless the reply to a later request came along.
   */
  heard(): void {
    this.#heard = true;
    process.nextTick(() => {
      this.#heard = false;
      this.#serves = 0;
    });
  }

  async #begin(): Promise<void> {
    const before = this.#connection.asked;
    this.#serves = 0;
    const look = this.#look();
    this.#asked = Math.max(this.#connection.asked, before + 1); // a search is sent a moment later
    this.#looking = look;
    this.#next = undefined;
    try {
      await look;
      if (this.#heard) this.#serves = SERVED;
    } finally {
      if (this.#looking === look) this.#looking = undefined;
    }
  }
}
