import { ScanFormatError } from "./errors.js";

/** The life of a scan, in order. */
export const SCAN_STATES = ["CREATED", "PREPARED", "STARTED", "STOPPED", "CLOSED"] as const;
/** One of `SCAN_STATES`. */
export type ScanState = (typeof SCAN_STATES)[number];

/** Position in the scan's life: 0 for CREATED … 4 for CLOSED. */
export function stateNumber(state: ScanState): number {
  return SCAN_STATES.indexOf(state);
}

/** Reads the number in an entry of a state stream. */
export function parseState(text: string | undefined, scan: string): ScanState {
  const state = SCAN_STATES[Number(text ?? Number.NaN)];
  if (!state) throw new ScanFormatError(`Scan ${scan} has an unknown state: ${text}.`, { scan });
  return state;
}
