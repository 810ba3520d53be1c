import type { Logger } from "pino";
import type { WriterMetrics } from "./metrics.js";
import type { ScanProgress } from "./scan-progress.js";
import { totals } from "./status.js";

interface Listeners {
  readonly log: Logger;
  readonly metrics: WriterMetrics;
}

/** Counts and logs the end of a scan. */
export function tellEnd(progress: ScanProgress, { log, metrics }: Listeners): void {
  const { report } = progress;
  const end = progress.end ?? new Date();
  metrics.scanEnded(progress.state);
  const { points, bytes, lost } = totals(progress.present());
  if (lost > 0) metrics.lost.inc(lost);
  const seconds = (end.getTime() - progress.start.getTime()) / 1000;
  const facts = {
    scan: progress.key,
    state: progress.state,
    files: progress.files,
    points,
    bytes,
    lost,
    seconds,
  };
  const line = `${progress.title}: ${progress.state}, ${points} points, ${bytes} bytes in ${seconds.toFixed(1)} s. ${progress.message}`;
  if (report.failed) log.warn({ ...facts, warnings: report.messages }, line);
  else log.info({ ...facts, warnings: report.messages }, line);
}

/** A scan is gone, and nobody has written it: whether it was to be written cannot be seen any more. */
export function tellLoss(key: string, { log }: Listeners): void {
  log.warn(
    { scan: key },
    `Scan ${key} was deleted from Redis, or has expired, before the writer came to it: nothing of it is written.`,
  );
}
