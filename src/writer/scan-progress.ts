import type { Scan } from "../scan/scan.js";
import type { StreamPump } from "./pump.js";
import type { ScanReport } from "./report.js";
import type { ScanStatus, StreamStatus, WritingState } from "./status.js";
import type { Reporting } from "./status-board.js";

/** Who wants to know how far a scan has come. */
export interface Steps {
  /** The next scan may go on: this one has its place in the order of its files. */
  takenUp(): void;
  begun(): void;
}

/** The present state of one scan that is being written, for those who look on. */
export class ScanProgress implements Reporting {
  /** Only the writer that has the scan in hand publishes its status. */
  owned: boolean = false;
  state: WritingState = "INIT";
  message: string = "";
  retrying: boolean = false;
  durable: boolean = false;
  files: readonly string[] = [];
  pumps: readonly StreamPump[] = [];
  readonly start: Date;
  end: Date | undefined;
  report: ScanReport;
  /** Streams that must not be trimmed: those of a scan that is not written to its end. */
  needed: ReadonlyMap<string, number> = new Map();
  readonly #scan: Scan;
  readonly #writer: string;
  readonly #steps: Steps;

  constructor(scan: Scan, writer: string, start: Date, report: ScanReport, steps: Steps) {
    this.#steps = steps;
    this.#scan = scan;
    this.#writer = writer;
    this.start = start;
    this.report = report;
  }

  /** The files are open here, and the scan is written. */
  takenUp(files: readonly string[]): void {
    this.owned = true;
    this.files = files;
    this.state = "RUNNING";
    this.message = "";
    this.retrying = false;
    this.durable = false;
    this.end = undefined;
    this.#steps.takenUp();
  }

  /** The static part of the scan is in its files. */
  begun(): void {
    this.#steps.begun();
  }

  get key(): string {
    return this.#scan.key;
  }

  /** For the log. */
  get title(): string {
    return `Scan ${this.#scan.id.number} ${this.#scan.id.name}`;
  }

  status(): ScanStatus | undefined {
    return this.owned ? this.present() : undefined;
  }

  present(): ScanStatus {
    const { id, key } = this.#scan;
    return {
      scan: key,
      name: id.name,
      number: id.number,
      session: id.session,
      state: this.state,
      message: this.message || this.report.failure, // what is wrong already, while the rest is written
      warnings: this.report.messages,
      files: this.files,
      streams: Object.fromEntries(this.pumps.map((pump) => [pump.stream.name, this.#stream(pump)])),
      start: this.start.toISOString(),
      end: this.end?.toISOString() ?? null,
      writer: this.#writer,
      retrying: this.retrying,
      durable: this.durable,
    };
  }

  positions(): ReadonlyMap<string, number> {
    if (this.durable) return new Map();
    const positions = new Map(this.needed);
    for (const pump of this.pumps) {
      if (pump.stream.latestEventOnly) positions.delete(pump.stream.key);
      else positions.set(pump.stream.key, positionOf(pump));
    }
    return positions;
  }

  #stream(pump: StreamPump): StreamStatus {
    const places = [...pump.sinks, ...pump.failed];
    const committed = places.map(({ progress }) => progress.committed);
    return {
      targets: places.map(({ target }) => `${target.file.path}::${target.path}`),
      points: Math.max(0, ...committed.map(({ points }) => points)),
      lost: pump.lost,
      bytes: Math.max(0, ...committed.map(({ bytes }) => bytes)),
      position: positionOf(pump),
      done: this.end !== undefined || pump.error !== undefined,
      ...(pump.error !== undefined && { error: pump.error }),
    };
  }
}

/** First point that is not in the file at all of its places. */
function positionOf({ sinks }: StreamPump): number {
  return sinks.length === 0 ? 0 : Math.min(...sinks.map(({ progress }) => progress.committed.points));
}
