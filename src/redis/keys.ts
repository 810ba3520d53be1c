/** All keys in Redis, as blissdata's protocol version 1 names them. */
export const KEYS = {
  protocolVersion: "_PROTOCOL_VERSION_",
  history: "_SCAN_HISTORY_",
  memoryTracking: "_MEMORY_TRACKING_",
  index: "esrf:scan:index",
  indexHash: "esrf:scan:index:hash",
  indexSchema: "esrf:scan:index:schema",
} as const;

export const SCAN_PREFIX = "esrf:scan:";
const STREAM_PREFIX = "esrf:stream:";

/** The key of a scan document from its ULID. */
export function scanKey(pk: string): string {
  return SCAN_PREFIX + pk;
}

/** The key of a data or state stream from its ULID. */
export function streamKey(pk: string): string {
  return STREAM_PREFIX + pk;
}

/** True for keys of scan documents: the index's own keys share their prefix. */
export function isScanKey(key: string): boolean {
  return key.startsWith(SCAN_PREFIX) && !key.startsWith(KEYS.index);
}
