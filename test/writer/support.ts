import { openHdf5Reader } from "../../src/hdf5/reader.js";
import { NdArray } from "../../src/ndarray/ndarray.js";
import { resolveSelection } from "../../src/ndarray/slice.js";
import { latestEvent, nextEvents, readStatuses } from "../../src/redis/writer-records.js";
import type { DataStore } from "../../src/scan/store.js";
import type { ScanStatus, Writer } from "../../src/writer/index.js";
import { parseStatus } from "../../src/writer/status.js";

/** All values of a dataset in a file. */
export async function readValues(file: string, path: string): Promise<unknown> {
  await using reader = await openHdf5Reader(file);
  const item = await reader.describe(path);
  if (item?.kind !== "dataset" || item.shape === null) throw new Error(`${file}::${path} is no dataset.`);
  return NdArray.fromRaw(await reader.read(path, resolveSelection([], item.shape))).toNested();
}

/** The shape of a dataset in a file; undefined as long as there is neither. */
export async function shapeIn(file: string, path: string): Promise<readonly number[] | null | undefined> {
  const reader = await openHdf5Reader(file).catch(() => undefined);
  const item = await reader?.describe(path);
  await reader?.close();
  return item?.kind === "dataset" ? item.shape : undefined;
}

/** Collects a writer's statuses and waits for one that is wanted. */
export class StatusWatch {
  readonly seen: ScanStatus[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(writer: Writer) {
    void (async () => {
      for await (const status of writer.statuses()) {
        this.seen.push(status);
        for (const wake of this.#waiting) wake();
      }
    })();
  }

  /** The first status, from now or before, that is wanted. */
  async until(wanted: (status: ScanStatus) => boolean): Promise<ScanStatus> {
    for (;;) {
      const found = this.seen.find(wanted);
      if (found) return found;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }
}

export const points = (status: ScanStatus): number => Object.values(status.streams)[0]?.points ?? 0;

/** Waits until the status of a scan that any writer has published is wanted. */
export async function awaitStatus(
  store: DataStore,
  scan: string,
  wanted: (status: ScanStatus) => boolean,
): Promise<ScanStatus> {
  let since = await latestEvent(store.redis);
  for (;;) {
    const [text] = await readStatuses(store.redis, [scan]);
    const status = parseStatus(text ?? "null");
    if (status && wanted(status)) return status;
    since = (await nextEvents(store.redis, since, 1000)).last;
  }
}
