/** How far a scan is written. */
export type WritingState = "INIT" | "RUNNING" | "COMPLETE" | "FAILED";

/** What is known of one stream of a scan that is being written. */
export interface StreamStatus {
  /** Where its data go, `FILE::PATH` each. */
  readonly targets: readonly string[];
  /** Points in the file (committed), and points lost because Redis had trimmed them. */
  readonly points: number;
  readonly lost: number;
  /** Bytes of these points before compression. */
  readonly bytes: number;
  /** Index of the first entry in Redis that is not in the file yet. */
  readonly position: number;
  /** Nothing more will be written. */
  readonly done: boolean;
  /** Why it cannot be written; the other streams go on. */
  readonly error?: string;
}

/** The status of a scan, as published in Redis and given by `writer.statuses()`. */
export interface ScanStatus {
  /** The scan's key in Redis. */
  readonly scan: string;
  readonly name: string;
  readonly number: number;
  readonly session: string | null;
  readonly state: WritingState;
  /** One sentence: what it waits for, how it ended, or why it failed. */
  readonly message: string;
  readonly warnings: readonly string[];
  /** The files it is written to. */
  readonly files: readonly string[];
  readonly streams: Readonly<Record<string, StreamStatus>>;
  /** ISO 8601, by the writer's clock. */
  readonly start: string;
  readonly end: string | null;
  /** Id of the writer that has it in hand. */
  readonly writer: string;
  /** True while the writer will try again by itself. */
  readonly retrying: boolean;
  /**
   * False while the scan is not written, or not so that it survives a power loss; then the next writer takes it up when
   * this one dies.
   */
  readonly durable: boolean;
}

/** True when nothing more will happen to the scan. */
export function isFinal({ state, retrying, durable }: ScanStatus): boolean {
  return (state === "COMPLETE" || state === "FAILED") && !retrying && durable;
}

/** Points and bytes of all streams together. */
export function totals(status: ScanStatus): { points: number; bytes: number; lost: number } {
  const streams = Object.values(status.streams);
  return {
    points: streams.reduce((sum, stream) => sum + stream.points, 0),
    bytes: streams.reduce((sum, stream) => sum + stream.bytes, 0),
    lost: streams.reduce((sum, stream) => sum + stream.lost, 0),
  };
}

/** Reads a status as published; undefined for what no writer of this version has written. */
export function parseStatus(json: string): ScanStatus | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (!("scan" in value && "state" in value && "streams" in value && "start" in value)) return undefined;
  if (typeof value.streams !== "object" || value.streams === null) return undefined;
  if (typeof value.start !== "string" || Number.isNaN(Date.parse(value.start))) return undefined;
  return { durable: true, ...value } as ScanStatus; // earlier versions told of the end only then
}
