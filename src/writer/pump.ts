import { setImmediate } from "node:timers/promises";
import { messageOf } from "../errors.js";
import type { CursorGroup } from "../stream/cursor-group.js";
import type { FollowableStream } from "../stream/followable.js";
import type { StreamView } from "../stream/reading.js";
import { sleep } from "../waiting.js";
import type { ScanReport } from "./report.js";
import type { StreamSink } from "./sinks/sink.js";
import type { Slot } from "./slots.js";

/** Points gather for so long before the next page is asked for (ms): ten times as many cost hardly more. */
const GATHERING = 10;
/** A page of so many bytes is worth reading at once. */
const PLENTY = 256 * 1024;

/** The places that one stream fills. */
export interface StreamPump {
  readonly stream: FollowableStream;
  readonly sinks: StreamSink[];
  /** Places that have failed: they keep what they have. */
  readonly failed: StreamSink[];
  /** Why nothing more of it is written. */
  error: string | undefined;
  /** Points that Redis had trimmed before they were read. */
  lost: number;
}

/**
 * Carries the points of many streams to their places as they arrive, until all streams are at their end. A stream or
 * place that fails is given up with a failure of the scan; a broken file is thrown. Once `hurry` aborts no points are left
 * to gather.
 */
export async function pumpStreams(
  pumps: readonly StreamPump[],
  group: CursorGroup,
  slot: Slot,
  report: ScanReport,
  { signal, hurry }: { readonly signal: AbortSignal; readonly hurry: AbortSignal },
): Promise<void> {
  const byStream = new Map(pumps.map((pump) => [pump.stream, pump]));
  for (const { stream, sinks } of pumps) {
    group.add(stream, { from: Math.min(...sinks.map(({ next }) => next)) });
  }
  let page = PLENTY;
  const next = async () => {
    if (page < PLENTY) await sleep(GATHERING, hurry).catch(() => {});
    return group.read({ signal });
  };
  // One page is on its way while another one is written.
  for (let reading = next(); ; ) {
    const views = await slot.during(reading, signal);
    if (!views) return;
    reading = next();
    reading.catch(() => {}); // awaited in the next round, unless this one fails
    const before = bytesOf(pumps);
    await Promise.all(
      [...views].map(async ([stream, view]) => {
        const pump = byStream.get(stream);
        if (pump) await carry(pump, view, report);
        if (pump?.sinks.length === 0) group.remove(stream); // nobody wants more of it
      }),
    );
    group.release(views); // sinks have copied what they need
    await setImmediate(); // images that a status tells of come without a wait, in as many pages as it likes: others have their turn
    page = bytesOf(pumps) - before;
  }
}

function bytesOf(pumps: readonly StreamPump[]): number {
  let bytes = 0;
  for (const { sinks } of pumps) bytes += sinks[0]?.progress.bytes ?? 0;
  return bytes;
}

async function carry(pump: StreamPump, view: StreamView, report: ScanReport): Promise<void> {
  const { name } = pump.stream;
  if (view.error) {
    pump.error ??= view.error.message;
    report.fail(`Stream "${name}" cannot be read any further: ${view.error.message}`);
    return;
  }
  if (view.lost > 0) {
    pump.lost += view.lost;
    const range = `${view.index - view.lost} to ${view.index - 1}`;
    report.warn(
      `Points ${range} of stream "${name}" are missing: Redis had trimmed them before they were written.`,
    );
  }
  for (const sink of [...pump.sinks]) {
    try {
      await sink.append(view);
    } catch (error) {
      sink.target.file.refuseFatal(error);
      pump.error ??= messageOf(error);
      report.fail(
        `Stream "${name}" is written to ${sink.target.path} up to point ${sink.next} only: ${messageOf(error)}`,
      );
      pump.failed.push(...pump.sinks.splice(pump.sinks.indexOf(sink), 1));
    }
  }
}
