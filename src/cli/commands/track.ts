import { messageOf } from "../../errors.js";
import { MemoryTracker, type TrackerOptions, type TrackerReport } from "../../tracker/index.js";
import { command, numberOf } from "../command.js";
import { serviceLogger } from "../service-log.js";

export const track = command({
  usage: "",
  help: `Keeps the memory of a database below its maxmemory, as long as it runs: the oldest data of scans are trimmed from
Redis when memory runs short, closed scans disappear after a while, and so do open ones in which nothing happens.
Data that a running nxlive writer has not written yet are kept. One tracker per database; blissdata's memory_tracker
and this one may take over from each other. All times are in seconds. See docs/tracker.md.`,
  options: {
    period: { type: "string", value: "SECONDS", description: "time between two looks (default: 30)" },
    once: { type: "boolean", description: "look once and end; exit code 1 when memory stays short" },
    threshold: {
      type: "string",
      value: "PERCENT",
      description: "of maxmemory, from which on data are trimmed (default: 80)",
    },
    "protected-history": {
      type: "string",
      value: "SECONDS",
      description: "age below which data are never trimmed (default: 180)",
    },
    "time-slice": {
      type: "string",
      value: "PERCENT",
      description: "of the time that data go back to, which is trimmed at once (default: 20)",
    },
    "closed-scan-deletion": {
      type: "string",
      value: "SECONDS",
      description: "closed scans disappear after this time (default: 7 days)",
    },
    "inactive-scan-deletion": {
      type: "string",
      value: "SECONDS",
      description: "open scans without activity are deleted after this time (default: 24 hours)",
    },
    "log-level": {
      type: "string",
      value: "LEVEL",
      description: "trace, debug, info (default), warn, error, fatal or silent",
    },
  },
  async run({ values, connect, signal, json, printJson, stderr }) {
    const options: TrackerOptions = {
      ...numberOption(values.period, "--period", "period"),
      ...numberOption(values.threshold, "--threshold", "threshold"),
      ...numberOption(values["protected-history"], "--protected-history", "protectedHistory"),
      ...numberOption(values["time-slice"], "--time-slice", "timeSlice"),
      ...numberOption(values["closed-scan-deletion"], "--closed-scan-deletion", "closedScanDeletion"),
      ...numberOption(values["inactive-scan-deletion"], "--inactive-scan-deletion", "inactiveScanDeletion"),
    };
    const logger = serviceLogger(stderr, { level: values["log-level"] ?? "info", json });
    const store = await connect();
    const tracker = new MemoryTracker(store, options);
    const tell = async (report: TrackerReport) => {
      if (json) await printJson(report);
      for (const key of report.expiring) logger.info(`Scan ${key} is closed and will disappear`);
      for (const key of report.deleted) logger.warn(`Scan ${key} was open and inactive: deleted`);
      for (const warning of report.warnings) logger.warn(warning);
      logger.info(summary(report));
    };
    if (values.once) {
      const report = await tracker.look({ signal });
      await tell(report);
      return report.exhausted ? 1 : 0;
    }
    try {
      const onError = (error: unknown) => logger.error(messageOf(error));
      for await (const report of tracker.reports({ signal, onError })) await tell(report);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return 0;
  },
});

function numberOption<K extends keyof TrackerOptions>(
  text: string | undefined,
  option: string,
  name: K,
): TrackerOptions {
  return text === undefined ? {} : { [name]: numberOf(text, option) };
}

function summary(report: TrackerReport): string {
  const { usedMemory, maxMemory, scans, trimmedEntries, trimmedStreams } = report;
  const percent = Math.round((100 * usedMemory) / maxMemory);
  const open = `${scans} open scan${scans === 1 ? "" : "s"}`;
  const trimmed =
    trimmedEntries > 0 ? `, ${trimmedEntries} entries of ${trimmedStreams} streams trimmed` : "";
  return `${megabytes(usedMemory)} of ${megabytes(maxMemory)} MB in use (${percent} %), ${open}${trimmed}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
