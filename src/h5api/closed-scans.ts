import type { Scan } from "../scan/scan.js";
import type { DataStore } from "../scan/store.js";
import type { SignalOption } from "../stream/reading.js";

/** Scans that are kept in memory for each store. */
const KEPT = 64;

const stores = new WeakMap<DataStore, ClosedScans>();

/**
 * The closed scans of a store that were used last. They change no more, so that files opened again and again need not
 * read them anew: what may have happened to them is that they were deleted.
 */
export class ClosedScans {
  /** The scan that was not used for longest first. */
  readonly #scans = new Map<string, Scan>();

  static of(store: DataStore): ClosedScans {
    const known = stores.get(store);
    if (known) return known;
    const closed = new ClosedScans();
    stores.set(store, closed);
    return closed;
  }

  /** Notes that a scan is used; one that is not closed is not kept. */
  keep(scan: Scan): void {
    if (scan.state !== "CLOSED") return;
    this.#scans.delete(scan.key);
    this.#scans.set(scan.key, scan);
    if (this.#scans.size <= KEPT) return;
    for (const key of this.#scans.keys()) {
      this.#scans.delete(key);
      return;
    }
  }

  /** The newest scan of a file, as far as they are here. */
  newestOf(path: string): Scan | undefined {
    let newest: Scan | undefined;
    for (const scan of this.#scans.values()) {
      if (scan.id.path === path && (!newest || scan.key > newest.key)) newest = scan;
    }
    return newest;
  }

  /** A scan that is here, after a look whether it still is in Redis. Error: ScanNotFoundError. */
  async find(key: string, options: SignalOption): Promise<Scan | undefined> {
    const scan = this.#scans.get(key);
    if (!scan) return undefined;
    this.#scans.delete(key);
    await scan.update(options);
    this.keep(scan);
    return scan;
  }
}
