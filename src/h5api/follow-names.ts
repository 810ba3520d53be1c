import type { Scan } from "../scan/scan.js";
import type { DataStore } from "../scan/store.js";
import type { SignalOption } from "../stream/reading.js";
import { treeOf } from "./scan-trees.js";

/** What is there when following begins. */
export interface Beginning {
  readonly names: readonly string[];
  /** Scans that may still gain entries. */
  readonly open: readonly Scan[];
  /** Scans created after this are new. */
  readonly timetag: string;
}

/**
 * Names in the root of a live file: those of the scans that are there, then of each new scan once it is prepared, and
 * those that a mapping gains at the end of a scan. A scan that fails or is deleted does not hold up the others.
 */
export async function* followNames(
  store: DataStore,
  path: string,
  begin: () => Promise<Beginning>,
  options: SignalOption = {},
): AsyncGenerator<string, undefined, undefined> {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const queue = new Queue<string>();
  const given = new Set<string>();
  const { names, open, timetag } = await begin();
  const watch = async (scan: Scan) => {
    for await (const _ of scan.states({ signal })) {
      const tree = await treeOf(scan, { signal });
      for (const name of tree?.children.keys() ?? []) queue.push(name);
    }
  };
  const watchQuietly = (scan: Scan) => {
    watch(scan).catch(() => {}); // deleted or unreadable: its names do not come any more
  };
  const watchNew = async () => {
    for await (const scan of store.scans({ since: timetag, path, signal })) watchQuietly(scan);
  };
  try {
    for (const name of names) queue.push(name);
    for (const scan of open) watchQuietly(scan);
    watchNew().catch((error) => queue.fail(error));
    for (;;) {
      const name = await queue.take();
      if (!given.has(name)) yield name;
      given.add(name);
    }
  } finally {
    stop.abort();
  }
}

/** Values that wait for their reader. */
class Queue<T> {
  readonly #values: T[] = [];
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  push(value: T): void {
    this.#values.push(value);
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.#wake?.();
  }

  async take(): Promise<T> {
    for (;;) {
      const value = this.#values.shift();
      if (value !== undefined) return value;
      if (this.#failure) throw this.#failure.error;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
