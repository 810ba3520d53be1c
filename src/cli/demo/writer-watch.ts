import { isFinal, type ScanStatus, totals } from "../../writer/status.js";
import type { Writer } from "../../writer/writer.js";

/** The newest status of each scan that a writer has in hand. */
export class WriterWatch {
  readonly #statuses = new Map<string, ScanStatus>();
  readonly #ended: Promise<void>;

  constructor(writer: Writer) {
    this.#ended = this.#follow(writer);
  }

  /** Points of all streams that are safe in the files. */
  get pointsWritten(): number {
    return [...this.#statuses.values()].reduce((sum, status) => sum + totals(status).points, 0);
  }

  /** Points of a stream that are safe in the file. */
  written(scan: string, stream: string): number {
    return this.#statuses.get(scan)?.streams[stream]?.points ?? 0;
  }

  /** One sentence for each of these scans that was not written completely; to be asked once the writer is closed. */
  async failures(scans: readonly string[]): Promise<string[]> {
    await this.#ended;
    return scans.flatMap((key) => {
      const status = this.#statuses.get(key);
      if (status !== undefined && isFinal(status) && status.state === "COMPLETE") return [];
      return [`Scan ${key} was not written: ${status?.message ?? "the writer has not seen it"}`];
    });
  }

  async #follow(writer: Writer): Promise<void> {
    for await (const status of writer.statuses()) this.#statuses.set(status.scan, status);
  }
}
