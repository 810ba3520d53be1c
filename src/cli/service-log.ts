import { type Logger, pino } from "pino";
import { type Output, UsageError } from "./command.js";
import { oneLine } from "./one-line.js";

const LEVELS: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "WARNING",
  50: "ERROR",
  60: "FATAL",
};

/** A service's log: one line of text each, or pino's JSON lines for machines. */
export function serviceLogger(output: Output, options: { level: string; json: boolean }): Logger {
  const levels = [...Object.keys(pino.levels.values), "silent"];
  if (!levels.includes(options.level)) {
    throw new UsageError(`--log-level is one of ${levels.join(", ")}, not ${JSON.stringify(options.level)}`);
  }
  const write = (line: string) => {
    void output.write(options.json ? line : textLine(line));
  };
  return pino({ level: options.level, base: { pid: process.pid } }, { write });
}

function textLine(line: string): string {
  const { time, level, msg } = JSON.parse(line) as { time: number; level: number; msg?: string };
  return `${new Date(time).toISOString()} ${LEVELS[level] ?? level} ${oneLine(msg ?? "")}\n`;
}
