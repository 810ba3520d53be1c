import { messageOf } from "../errors.js";
import type { CursorGroup } from "../stream/cursor-group.js";
import type { FollowableStream } from "../stream/followable.js";
import type { StreamView } from "../stream/reading.js";
import type { ScanReport } from "./report.js";
import type { StreamSink } from "./sinks/sink.js";
import type { Slot } from "./slots.js";

/** The places that one stream fills. */
export interface StreamPump {
  readonly stream: FollowableStream;
  readonly sinks: StreamSink[];
  /** Why nothing more of it is written. */
  error: string | undefined;
  /** Points that Redis had trimmed before they were read. */
  lost: number;
}

/**
 * Carries the points of many streams to their places as they arrive, until all streams are at their end. A stream or
 * place that fails is given up with a failure of the scan; a broken file is thrown.
 */
export async function pumpStreams(
  pumps: readonly StreamPump[],
  group: CursorGroup,
  slot: Slot,
  report: ScanReport,
  signal: AbortSignal,
): Promise<void> {
  const byStream = new Map(pumps.map((pump) => [pump.stream, pump]));
  for (const { stream, sinks } of pumps) {
    group.add(stream, { from: Math.min(...sinks.map(({ next }) => next)) });
  }
  // One page is on its way while another one is written.
  for (let reading = group.read({ signal }); ; ) {
    const views = await slot.during(reading, signal);
    if (!views) return;
    reading = group.read({ signal });
    reading.catch(() => {}); // awaited in the next round, unless this one fails
    await Promise.all(
      [...views].map(async ([stream, view]) => {
        const pump = byStream.get(stream);
        if (pump) await carry(pump, view, report);
      }),
    );
  }
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
      pump.sinks.splice(pump.sinks.indexOf(sink), 1);
    }
  }
}
