import type { Output } from "../command.js";

const REDRAW = 100;
const CLEAR = "\r\x1b[2K";

/** What a program tells line by line, with a status line below it that changes; without a terminal only the lines. */
export class Story implements AsyncDisposable {
  readonly #output: Output;
  readonly #started = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #status: () => string = () => "";

  constructor(output: Output) {
    this.#output = output;
    if (output.isTTY) this.#timer = setInterval(() => void this.#draw(), REDRAW);
  }

  /** Seconds since the beginning. */
  get elapsed(): number {
    return (performance.now() - this.#started) / 1000;
  }

  async tell(line = ""): Promise<void> {
    await this.#output.write(this.#timer === undefined ? `${line}\n` : `${CLEAR}${line}\n`);
    await this.#draw();
  }

  /** What the status line says from now on; a function is asked again each time that it is drawn. */
  status(text: string | (() => string)): void {
    this.#status = typeof text === "string" ? () => text : text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    await this.#output.write(CLEAR);
  }

  async #draw(): Promise<void> {
    const status = this.#status();
    if (this.#timer === undefined || status === "") return;
    const text = `[${this.elapsed.toFixed(1)} s] ${status}`.slice(0, this.#output.columns - 1);
    await this.#output.write(`${CLEAR}${text}`);
  }
}
