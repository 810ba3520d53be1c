import type { RedisClient } from "../../redis/client.js";
import { latestEvent, nextEvents, readStatuses, recordedScans } from "../../redis/writer-records.js";
import { parseStatus, type ScanStatus, totals } from "../../writer/status.js";
import { command, numberOf, UsageError } from "../command.js";
import { redraw } from "../redraw.js";
import { table } from "../table.js";

/** How long one look at the events blocks (ms). */
const BLOCK = 5_000;

export const status = command({
  usage: "",
  help: `Shows how far scans are written: state, points, megabytes, points lost, what is waited for. The newest scan is the last
line. With --follow the table is kept up to date until Ctrl-C; without a terminal each change is one line.`,
  options: {
    follow: { type: "boolean", short: "f", description: "go on showing what changes" },
    session: { type: "string", value: "NAME", description: "only the scans of this session" },
    last: { type: "string", value: "N", description: "only the N newest scans (default: 20)" },
  },
  async run({ values, connect, signal, json, print, printJson, stdout }) {
    const last = values.last === undefined ? 20 : numberOf(values.last, "--last", 1);
    if (!Number.isInteger(last)) throw new UsageError(`--last takes a whole number, not ${values.last}`);
    const { redis } = await connect();
    const wanted = (one: ScanStatus) => values.session === undefined || one.session === values.session;
    let since = await latestEvent(redis, { signal });
    const known = new Map(
      (await load(redis, await recordedScans(redis, { signal }), signal)).map((one) => [one.scan, one]),
    );
    const shown = () => [...known.values()].filter(wanted).sort(byKey).slice(-last);
    let lines = 0;
    const show = async (changed: readonly ScanStatus[]) => {
      if (json) for (const one of changed) await printJson(one);
      else if (values.follow && stdout.isTTY) lines = await redraw(stdout, lines, tableOf(shown()));
      else for (const line of values.follow ? changed.map(lineOf) : tableOf(shown())) await print(line);
    };
    await show(shown());
    while (values.follow && !signal.aborted) {
      const events = await nextEvents(redis, since, BLOCK, { signal }).catch((error) => {
        if (signal.aborted) return undefined;
        throw error;
      });
      if (!events) break;
      since = events.last;
      const changed = (await load(redis, events.scans, signal)).filter(wanted);
      for (const one of changed) known.set(one.scan, one);
      if (changed.length > 0) await show(changed);
    }
    return 0;
  },
});

async function load(
  redis: RedisClient,
  scans: readonly string[],
  signal: AbortSignal,
): Promise<ScanStatus[]> {
  const texts = await readStatuses(redis, scans, { signal });
  return texts.flatMap((text) => (text === undefined ? [] : (parseStatus(text) ?? [])));
}

/** Keys grow with the time of creation. */
function byKey(a: ScanStatus, b: ScanStatus): number {
  return a.scan < b.scan ? -1 : 1;
}

const TITLES = ["number", "name", "session", "state", "points", "MB", "lost", "start", "message"];

function tableOf(statuses: readonly ScanStatus[]): string[] {
  return table(TITLES, statuses.map(cellsOf));
}

function lineOf(one: ScanStatus): string {
  return cellsOf(one).join("  ");
}

function cellsOf(one: ScanStatus): string[] {
  const { points, bytes, lost } = totals(one);
  const more = one.warnings.length > 0 ? ` (${one.warnings.length} warnings)` : "";
  return [
    String(one.number),
    one.name,
    one.session ?? "-",
    one.retrying ? "WAITING" : one.state,
    String(points),
    (bytes / 1e6).toFixed(1),
    String(lost),
    one.start.slice(0, 19).replace("T", " "),
    one.message + more,
  ];
}
