/** Longer messages are cut: names and values of a scan stand in them, and its status goes to Redis again and again. */
const MOST_TEXT = 2_000;

/** Collects what goes wrong with a scan while the rest of it is written. */
export class ScanReport {
  readonly #warnings = new Set<string>();
  readonly #failures = new Set<string>();
  readonly #limit = 200;
  #unlisted = 0;

  /** Something that the reader of the file should know. */
  warn(message: string): void {
    this.#add(this.#warnings, message);
  }

  /** Something of the scan is missing in the file: it ends as FAILED. */
  fail(message: string): void {
    this.#add(this.#failures, message);
  }

  get failed(): boolean {
    return this.#failures.size > 0;
  }

  /** The first failure, with the number of others. */
  get failure(): string {
    const [first = ""] = this.#failures;
    const others = this.#failures.size - 1;
    return others > 0 ? `${first} (and ${others} more)` : first;
  }

  /** Failures and warnings, each once. */
  get messages(): readonly string[] {
    const all = [...this.#failures, ...this.#warnings];
    return this.#unlisted > 0 ? [...all, `… and ${this.#unlisted} more`] : all;
  }

  #add(messages: Set<string>, text: string): void {
    const message = text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
    if (messages.has(message)) return;
    if (messages.size < this.#limit) messages.add(message);
    else this.#unlisted++;
  }
}
