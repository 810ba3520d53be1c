import { setMaxListeners } from "node:events";
import type { Logger } from "pino";
import { diffLayouts } from "../mapping/diff.js";
import type { GroupNode, Layout } from "../mapping/tree.js";
import { isLastOfFile, writeScanRecord } from "../redis/writer-records.js";
import type { Scan } from "../scan/scan.js";
import { claimItems, type FileClaims } from "./claims.js";
import { applyFinalChanges } from "./final-changes.js";
import { finalLayout, isMapped, preparedLayout } from "./layouts.js";
import { inTurnOfAll, type OpenFile } from "./open-file.js";
import type { OpenFiles } from "./open-files.js";
import type { ScanReport } from "./report.js";
import { stampRoot } from "./root-stamp.js";
import type { ScanProgress } from "./scan-progress.js";
import { formatClaims, formatPreparedInfo, type SavedState } from "./scan-state.js";
import { ScanStreams, type StreamServices } from "./scan-streams.js";
import type { Slot } from "./slots.js";
import { isFinal } from "./status.js";
import { resolveTargets, type Targets } from "./targets.js";
import { TreeWriter } from "./tree-writer.js";

/** What all scans of a writer share. */
export interface WriterServices extends StreamServices {
  readonly files: OpenFiles;
  readonly log: Logger;
  readonly roots: readonly string[];
  /** Bytes. */
  readonly leastFree: number;
  /** Aborts when Redis is not waited for any more. */
  readonly cutOff: AbortSignal;
}

/**
 * One go at writing a scan, from the files being opened to their last commit. It may begin on files that an earlier go,
 * of this writer or another one, has left behind; whatever is there stays.
 */
export class ScanJob {
  readonly #services: WriterServices;
  readonly #scan: Scan;
  readonly #load: () => Promise<SavedState>;
  #saved: SavedState = { status: undefined, preparedInfo: undefined, claims: new Map() };
  readonly #progress: ScanProgress;
  readonly #report: ScanReport;
  readonly #slot: Slot;
  readonly #streams: ScanStreams;
  readonly #claims = new Map<string, FileClaims>();
  /** Aborts when the scan has stopped: nobody publishes points any more. */
  readonly #stopped = new AbortController();
  #paths: ReadonlySet<string> = new Set();
  #targets: Targets = new Map();
  #files: OpenFile[] = [];

  /** `load` reads what earlier goes have left in Redis. */
  constructor(
    services: WriterServices,
    scan: Scan,
    load: () => Promise<SavedState>,
    progress: ScanProgress,
    slot: Slot,
  ) {
    this.#services = services;
    this.#scan = scan;
    this.#load = load;
    this.#progress = progress;
    this.#report = progress.report;
    this.#slot = slot;
    this.#streams = new ScanStreams(services, scan, progress, slot);
  }

  /** The files that the scan needs, by the names that are opened. */
  get paths(): readonly string[] {
    return [...new Set(this.#targets.values())];
  }

  /**
   * Writes the scan to its end. `held`: another writer has one of its files in hand; `elsewhere`: it has written the scan.
   * Throws when a file cannot be written now, or the signal aborts; then the files are let go of, with what was written.
   * `myTurn` is waited for before anything is written. `makeKnown` is called once everything is in the files for their readers.
   * The scan is done when it also survives a power loss, and made known a second time then, before the files are given back.
   */
  async run(
    signal: AbortSignal,
    myTurn: () => Promise<void>,
    makeKnown: (durable: boolean) => Promise<void>,
  ): Promise<"written" | "held" | "elsewhere"> {
    this.#saved = await this.#load();
    if (!(await this.#open(this.#wantedPaths(), signal))) return "held";
    const over = new AbortController(); // ends what is waited for at Redis when this go ends in an error
    try {
      // What another writer did until it gave the files back.
      this.#saved = await this.#load();
      if (this.#saved.status && isFinal(this.#saved.status)) return "elsewhere";
      const broken = AbortSignal.any([signal, over.signal, ...this.#files.map((file) => file.broken)]);
      setMaxListeners(0, broken); // one for each stream that is asked for something
      const info = this.#saved.preparedInfo ?? this.#scan.layoutSource.info;
      const before = this.#layoutOf(info);
      this.#note(before);
      await this.#slot.during(myTurn(), broken);
      this.#progress.takenUp(this.paths);
      await inTurnOfAll(this.#files, () => this.#begin(before, info));
      const begun = this.#commit().then(() => this.#progress.begun());
      begun.catch(() => {}); // a file that cannot be committed is broken, which ends the pumping too
      const pumps = this.#streams.placed;
      const stopped = this.#scan.reached("STOPPED", { signal: broken });
      const closed = stopped.then(() => this.#scan.waitFor("CLOSED", { signal: broken }));
      closed.catch(() => {}); // awaited below, when all points are written
      void stopped.catch(() => {}).then(() => this.#stopped.abort());
      await this.#streams.write(pumps, { signal: broken, hurry: this.#stopped.signal });
      await begun;
      await this.#streams.finish(pumps);
      await this.#slot.during(closed, broken);
      await this.#finish(before, info, broken);
      await makeKnown(false);
      await this.#flush();
      await makeKnown(true);
      return "written";
    } catch (error) {
      await this.#save().catch(() => {});
      throw error;
    } finally {
      over.abort();
      await this.#release();
    }
  }

  /** A closed scan may need more files in the end: all or none are taken, so that nobody waits holding some. */
  #wantedPaths(): string[] {
    const { info } = this.#scan.layoutSource;
    const paths = new Set(this.#layoutOf(this.#saved.preparedInfo ?? info).files.keys());
    const final = this.#scan.state === "CLOSED" ? this.#layoutOf(info).files.keys() : [];
    for (const path of final) paths.add(path);
    this.#paths = paths;
    return [...paths];
  }

  #layoutOf(info: Scan["info"]): Layout {
    return preparedLayout(this.#scan.layoutSource, info, { start: this.#progress.start });
  }

  /** Opens files; a path that is not allowed is a failure of the scan, the other files are written. */
  async #open(paths: readonly string[], signal: AbortSignal): Promise<boolean> {
    const { roots, leastFree, files } = this.#services;
    this.#targets = await resolveTargets(paths, { roots, leastFree }, this.#report);
    const acquired = await files.acquire([...new Set(this.#targets.values())], { signal });
    if (!acquired) return false;
    this.#files = acquired;
    return true;
  }

  async #release(): Promise<void> {
    const files = this.#files.splice(0);
    await this.#services.files.release(files);
  }

  /** Keeps what was written up to an error that ends this go. */
  async #save(): Promise<void> {
    await this.#commit();
    await this.#flush();
  }

  /** Writes what is known at PREPARED and opens the places of streams. */
  async #begin(layout: Layout, info: Scan["info"]): Promise<void> {
    for (const [path, root] of layout.files) await this.#claim(path, root);
    await this.#remember({ prepared: formatPreparedInfo(info) });
    for (const [path, root] of layout.files) await this.#writeTree(path, root);
  }

  async #commit(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.commit()));
  }

  async #flush(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.flush()));
  }

  async #claim(path: string, root: GroupNode): Promise<void> {
    const file = this.#fileOf(path);
    if (!file) return;
    const claims = await claimItems(file.hdf5, root, this.#saved.claims.get(file.path) ?? new Set());
    this.#claims.set(file.path, claims);
    for (const message of claims.foreign.values()) this.#report.fail(`${file.path}::${message}`);
  }

  /** Keeps in Redis what a successor needs, before it takes effect in files. */
  async #remember(fields: { prepared?: Buffer }): Promise<void> {
    const claims = new Map([...this.#claims].map(([path, { own }]) => [path, own]));
    const { store, cutOff } = this.#services;
    const record = { ...fields, claims: formatClaims(claims) };
    await writeScanRecord(store.redis, this.#scan.key, record, { signal: cutOff });
  }

  async #writeTree(path: string, root: GroupNode): Promise<void> {
    const file = this.#fileOf(path);
    const claims = file && this.#claims.get(file.path);
    if (!file || !claims) return;
    await this.#treeWriter(file).writeRoot(root, claims, this.#saved.claims.has(file.path));
    await stampRoot(file.hdf5);
    file.changed();
  }

  #treeWriter(file: OpenFile): TreeWriter {
    return new TreeWriter(file, this.#report, (place) => this.#streams.place(file, place));
  }

  /** Applies what changed until CLOSED; all streams are at their end. */
  async #finish(before: Layout, startInfo: Scan["info"], signal: AbortSignal): Promise<void> {
    const times = { start: this.#progress.start, end: new Date(), failed: this.#report.failed };
    const facts = { startInfo, pointShapes: this.#streams.pointShapes, signal };
    const after = await finalLayout(this.#scan, this.#services.store, times, facts);
    this.#note(after);
    const fresh = [...after.files.keys()].filter((path) => !this.#paths.has(path));
    if (fresh.length > 0) throw new FilesAddedError(fresh);
    const complete = this.#streams.sinks;
    const moved = await inTurnOfAll(this.#files, () => this.#change(before, after));
    const late = this.#streams.placedBeside(complete);
    await this.#streams.copyTrimmed(late, complete, () => this.#commit(), signal);
    await this.#streams.write(late, { signal, hurry: this.#stopped.signal });
    await this.#streams.finish(late);
    await Promise.all(this.#files.map((file) => stampRoot(file.hdf5)));
    await this.#commit();
    if (moved) await this.#remember({ prepared: formatPreparedInfo(this.#scan.layoutSource.info) });
  }

  /** True when data of streams have moved. */
  async #change(before: Layout, after: Layout): Promise<boolean> {
    const { store, cutOff } = this.#services;
    const changes = diffLayouts(before, after);
    let moved = false;
    for (const [path, root] of after.files) {
      const file = this.#fileOf(path);
      if (!file) continue;
      if (!before.files.has(path)) {
        await this.#claim(path, root);
        await this.#remember({});
        await this.#writeTree(path, root);
        continue;
      }
      const found = changes.get(path);
      if (!found) continue;
      const own = await this.#claimAdded(file, root);
      const isView = (name: string) => this.#scan.streams.get(name)?.latestEventOnly ?? false;
      const isLast = await isLastOfFile(store.redis, file.path, this.#scan.stateId, { signal: cutOff });
      const rearranged = await applyFinalChanges(found, {
        file,
        place: (place) => this.#streams.place(file, place),
        report: this.#report,
        own,
        isView,
        isLast,
        after: root,
        keepsDecimals: !isMapped(this.#scan.info),
      });
      moved ||= rearranged;
    }
    return moved;
  }

  /** Items that the final mapping adds beside those of other scans are claimed too. */
  async #claimAdded(file: OpenFile, root: GroupNode): Promise<ReadonlySet<string>> {
    const before = this.#claims.get(file.path)?.own ?? new Set<string>();
    const known = new Set([...before, ...(this.#saved.claims.get(file.path) ?? [])]);
    const { own, foreign } = await claimItems(file.hdf5, root, known);
    const all = { own: new Set([...known, ...own]), foreign };
    this.#claims.set(file.path, all);
    await this.#remember({});
    return all.own;
  }

  #fileOf(path: string): OpenFile | undefined {
    const resolved = this.#targets.get(path);
    return this.#files.find((file) => file.path === resolved);
  }

  #note(layout: Layout): void {
    for (const { file, path, message, fatal } of layout.warnings) {
      const text = `${file}::${path}: ${message}`;
      if (fatal) this.#report.fail(text);
      else this.#report.warn(text);
    }
  }
}

/** Files came in with the final mapping: run again at once, now that the scan is closed all of them are known. */
export class FilesAddedError extends Error {
  constructor(files: readonly string[]) {
    super(`The final mapping also has ${files.join(", ")}.`);
  }
}
