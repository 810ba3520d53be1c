import { abortable } from "../waiting.js";
import type { Follower } from "./follower.js";
import type { StreamView } from "./reading.js";

/** A plugin that takes longer for a view does not keep those of other streams waiting (ms). */
const PATIENCE = 100;

/** What plugins make of the events of their streams: each in its own time, whatever becomes of the others. */
export class PluginAnswers {
  readonly #closing: AbortSignal;
  readonly #onAnswer: () => void;
  readonly #asked = new Map<Follower, Promise<void>>();
  readonly #given = new Map<Follower, StreamView | null>();

  /** Nothing is waited for once `closing` aborts; `onAnswer` is told of each answer. */
  constructor(closing: AbortSignal, onAnswer: () => void) {
    this.#closing = closing;
    this.#onAnswer = onAnswer;
  }

  /** Plugins are at work. */
  get expected(): boolean {
    return this.#asked.size > 0;
  }

  /** There are answers to take. */
  get given(): boolean {
    return this.#given.size > 0;
  }

  take(): [Follower, StreamView | null][] {
    if (!this.given) return [];
    const given = [...this.#given];
    this.#given.clear();
    return given;
  }

  /** Those that may be given more events: no plugin is at work on what they have. */
  idle(followers: Follower[]): Follower[] {
    return this.expected ? followers.filter((follower) => !this.#asked.has(follower)) : followers;
  }

  /** Asks the plugins that are not at work and whose last answer was taken; waits for them, but not for long. */
  async ask(followers: readonly Follower[], signal: AbortSignal | undefined): Promise<void> {
    const idle = followers.filter((follower) => !(this.#asked.has(follower) || this.#given.has(follower)));
    if (idle.length === 0) return;
    await this.#within(PATIENCE, Promise.all(idle.map((follower) => this.#ask(follower, signal))), signal);
  }

  /** Resolves when one of the plugins at work has answered, or the time has passed. */
  async next(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#within(milliseconds, Promise.race(this.#asked.values()), signal);
  }

  #ask(follower: Follower, signal: AbortSignal | undefined): Promise<void> {
    const asked = this.#view(follower, signal).then(() => {
      this.#asked.delete(follower);
      this.#onAnswer();
    });
    this.#asked.set(follower, asked);
    return asked;
  }

  /** Never rejects. What a plugin waits for may never come: aborting and closing do not wait for it. */
  async #view(follower: Follower, signal: AbortSignal | undefined): Promise<void> {
    const telling = follower.tell(signal, this.#closing);
    try {
      this.#given.set(follower, await abortable(abortable(telling, this.#closing), signal));
    } catch {
      // Aborted: the next read asks anew.
    }
  }

  async #within(milliseconds: number, answers: Promise<unknown>, signal: AbortSignal | undefined) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    try {
      await abortable(abortable(Promise.race([answers, late]), this.#closing), signal);
    } finally {
      clearTimeout(timer);
    }
  }
}
