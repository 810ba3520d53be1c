import { InvalidArgumentError } from "../errors.js";

/** How a memory tracker works; times in seconds. The defaults are those of blissdata's tracker. */
export interface TrackerOptions {
  /** Time between two looks at the database; default 30. */
  readonly period?: number;
  /** Percentage of `maxmemory` at which data are trimmed; default 80. */
  readonly threshold?: number;
  /** Data younger than this are never trimmed; default 180. */
  readonly protectedHistory?: number;
  /** Percentage of the journal's time span that one cleaning forgets; default 20. */
  readonly timeSlice?: number;
  /** Closed scans disappear after this time; default 7 days. */
  readonly closedScanDeletion?: number;
  /** Scans that are open, but without activity for this long, are closed and deleted; default 24 hours. */
  readonly inactiveScanDeletion?: number;
}

const DAY = 24 * 60 * 60;
const YEARS = 1000 * 365 * DAY;

/** All options, with those that were not given; values out of range are an InvalidArgumentError. */
export function completeOptions(options: TrackerOptions): Required<TrackerOptions> {
  return {
    period: within(options.period ?? 30, 0.001, YEARS, "period"),
    threshold: within(options.threshold ?? 80, 0, 100, "threshold"),
    protectedHistory: within(options.protectedHistory ?? 180, 0, YEARS, "protectedHistory"),
    timeSlice: within(options.timeSlice ?? 20, 0, 100, "timeSlice"),
    closedScanDeletion: within(options.closedScanDeletion ?? 7 * DAY, 1, YEARS, "closedScanDeletion"),
    inactiveScanDeletion: within(options.inactiveScanDeletion ?? DAY, 1, YEARS, "inactiveScanDeletion"),
  };
}

function within(value: number, least: number, most: number, name: string): number {
  if (value >= least && value <= most) return value;
  throw new InvalidArgumentError(`${name} must be from ${least} to ${most}, got ${value}.`);
}
