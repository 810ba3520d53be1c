export { NoMemoryLimitError } from "./errors.js";
export type { TrackerOptions } from "./options.js";
export { MemoryTracker, type TrackerReport } from "./tracker.js";
