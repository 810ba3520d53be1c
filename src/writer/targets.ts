import { messageOf } from "../errors.js";
import { TargetFileError } from "./errors.js";
import type { ScanReport } from "./report.js";
import { checkTarget, type TargetLimits } from "./target-checks.js";

/** Path as the scan gives it → the path that is opened. */
export type Targets = ReadonlyMap<string, string>;

/**
 * Checks the files of a scan. Those that may not be written are failures of the scan and left out; what may pass is thrown.
 */
export async function resolveTargets(
  paths: readonly string[],
  limits: TargetLimits,
  report: ScanReport,
): Promise<Targets> {
  const targets = new Map<string, string>();
  for (const path of paths) {
    try {
      targets.set(path, await checkTarget(path, limits));
    } catch (error) {
      if (!(error instanceof TargetFileError)) throw error;
      report.fail(messageOf(error));
    }
  }
  return targets;
}
