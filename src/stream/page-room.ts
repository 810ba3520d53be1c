import { Memory } from "../reusable-memory.js";

/** Pages become larger than what they aim at. */
const SURPLUS = 2;
/** Rooms are so many bytes, or a multiple: the fewer sizes there are, the more often memory is used again. */
const STEP = 2 ** 20;

/**
 * The memory into which one page is received, used again for later ones: new memory for each takes the kernel and the
 * garbage collector as long as the rest of the work on it. It is taken when the first large text comes.
 */
export class PageRoom {
  readonly #size: number;
  #memory: Memory | undefined;

  /** `aim`: about the size of the page. */
  constructor(aim: number) {
    this.#size = STEP * Math.ceil((SURPLUS * aim) / STEP);
  }

  readonly take = (): Buffer => {
    this.#memory ??= Memory.of(this.#size);
    return this.#memory.bytes;
  };

  /** Nobody looks at the page any more. A page that did not come, or may still come, is not released. */
  release(): void {
    this.#memory?.release();
    this.#memory = undefined;
  }
}
