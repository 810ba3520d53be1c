import type { ScanIdentity } from "./identity.js";
import type { ScanState } from "./state.js";

/**
 * A scan as its document declares it, which layouts are made from. `info` (and the streams' infos) come from
 * `parseExactJson`: `1` becomes an int64, `1.0` (a JsonDecimal) a float64, bigints stay exact.
 */
export interface DeclaredScan {
  readonly id: Pick<ScanIdentity, "name" | "number" | "path" | "session">;
  readonly info: Readonly<Record<string, unknown>>;
  readonly streams: ReadonlyMap<string, DeclaredStream>;
  /** Absent: a scan that is not finished. */
  readonly state?: ScanState;
}

export interface DeclaredStream {
  /** Plugin name (`lima`, `lima2`, `scan_sequence`, `hdf5_fallback`), null for plain streams. */
  readonly plugin: string | null;
  readonly encoding: Readonly<Record<string, unknown>>;
  readonly info: Readonly<Record<string, unknown>>;
}
