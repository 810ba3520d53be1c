import type { ScanStatus } from "./status.js";
import type { StatusBoard } from "./status-board.js";

/**
 * The statuses that a board publishes, one by one. A reader that is slow gets only the newest status of each scan, so that
 * nothing piles up. Ends when `end` aborts; rejects when the caller's own signal does.
 */
export async function* statusQueue(
  board: StatusBoard,
  end: AbortSignal,
  signal?: AbortSignal,
): AsyncGenerator<ScanStatus, undefined, undefined> {
  const waiting = new Map<string, ScanStatus>();
  let wake: () => void = () => {};
  const stop = board.listen((status) => {
    waiting.delete(status.scan);
    waiting.set(status.scan, status);
    wake();
  });
  const onEnd = () => wake();
  end.addEventListener("abort", onEnd, { once: true });
  try {
    for (;;) {
      signal?.throwIfAborted();
      const [next] = waiting.values();
      if (next) {
        waiting.delete(next.scan);
        yield next;
        continue;
      }
      if (end.aborted) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stop();
    end.removeEventListener("abort", onEnd);
  }
}
