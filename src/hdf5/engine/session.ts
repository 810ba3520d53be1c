import { setTimeout as delay } from "node:timers/promises";
import { ClosedError } from "../../errors.js";
import { DiskFullError, damagedError } from "../errors.js";
import type { DatasetOptions } from "../writer-api.js";
import { type CommitParts, commit } from "./commit.js";
import { GrowingFile, type Host } from "./growing.js";
import type { GrowingSpec } from "./growing-spec.js";
import type { StoredObject } from "./object.js";
import type { Located } from "./objects.js";
import { blocksOf } from "./reclaim.js";
import { unfinishedDatasets } from "./recover.js";
import { readResumable } from "./resume.js";
import type { Storage } from "./storage.js";

/** How long a reader may take from a dataset's header to its data, in milliseconds, before scratch space is cut off. */
const CLOSING_GRACE = 1_000;

/**
 * An open file with its growing datasets: the order of calls, commits, recovery and the end. What can be done with the file is in
 * FileWriter.
 */
export class Session {
  protected readonly parts: CommitParts;
  protected readonly host: Host;
  private readonly grace: boolean;
  private readonly release: () => void;
  protected readonly open = new Map<StoredObject, GrowingFile>();
  private last: Promise<unknown> = Promise.resolve();
  private closing: Promise<void> | undefined;
  /** There was scratch space of a killed writer, which is cut off at close. */
  recovered: boolean = false;
  /** When a commit last showed rows in other places than before (performance.now()). */
  private moved = Number.NEGATIVE_INFINITY;

  /** `grace`: readers get a moment at close; `release` runs when the file has been closed. */
  constructor(parts: CommitParts, grace: boolean, release: () => void) {
    this.parts = parts;
    this.grace = grace;
    this.release = release;
    this.host = {
      allocator: parts.allocator,
      writes: parts.writes,
      read: (address, length) => parts.file.read(address, length),
      putText: (text) => parts.heap.text(text),
      changed: (dataset) => void parts.growing.add(dataset),
      closed: (dataset) => void this.open.delete(dataset.object),
      exclusive: (action) => this.serial(action),
    };
  }

  get path(): string {
    return this.parts.file.path;
  }

  /** Brings datasets of a killed writer out of its scratch space, before anything else is done with the file. */
  async recover(): Promise<void> {
    const scratch = this.parts.bookkeeping.formerScratch;
    if (!scratch) return;
    this.recovered = true;
    await this.exclusive(async () => {
      for await (const { path, located } of unfinishedDatasets(this.parts.objects, scratch)) {
        const dataset = await this.resume(located, path, {});
        dataset.end();
      }
      await this.commitNow(false);
      this.parts.allocator.leaveFormer();
    });
  }

  async commit(options: { durable?: boolean; signal?: AbortSignal } = {}): Promise<void> {
    options.signal?.throwIfAborted();
    await this.exclusive(async () => {
      options.signal?.throwIfAborted();
      await this.commitNow(options.durable ?? false);
    });
  }

  protected async commitNow(durable: boolean): Promise<void> {
    const moving = this.parts.growing.size > 0;
    await commit(this.parts, durable);
    if (moving) this.moved = performance.now();
  }

  async flush(): Promise<void> {
    await this.parts.file.sync();
  }

  close(): Promise<void> {
    this.closing ??= this.finish();
    return this.closing;
  }

  abandon(): Promise<void> {
    this.closing ??= this.letGo();
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async letGo(): Promise<void> {
    for (const dataset of this.open.values()) dataset.close();
    await this.parts.file.close();
    this.release();
  }

  private async finish(): Promise<void> {
    try {
      await Promise.all([...this.open.values()].map((dataset) => dataset.finish()));
      await this.serial(async () => {
        await this.commitNow(false);
        // Readers that looked up where something lies in scratch space read it now, before that is cut off.
        const left = this.moved + CLOSING_GRACE - performance.now();
        const cuts = this.recovered || this.parts.allocator.scratchZone !== undefined;
        if (cuts && this.grace && left > 0) await delay(left);
        await this.parts.bookkeeping.close(this.parts.objects.root.header, this.parts.allocator);
      });
    } catch (error) {
      const { bookkeeping, objects } = this.parts;
      if (error instanceof DiskFullError)
        await bookkeeping.giveUp(objects.root.header).catch(() => undefined);
      throw error;
    } finally {
      for (const dataset of this.open.values()) dataset.close();
      await this.parts.file.close();
      this.release();
    }
  }

  protected async exclusive<T>(action: () => Promise<T>): Promise<T> {
    if (this.closing) throw new ClosedError(`${this.path} is closed.`, { path: this.path });
    return await this.serial(action);
  }

  /** Runs actions one after the other, in the order of the calls. */
  private serial<T>(action: () => Promise<T>): Promise<T> {
    const result = this.last.then(action).catch((error: unknown) => {
      throw damagedError(error, this.path);
    });
    this.last = result.catch(() => undefined);
    return result;
  }

  protected async resume(found: Located, path: string, options: DatasetOptions): Promise<GrowingFile> {
    const resumable = await readResumable(this.host, found.object, path, options);
    const located = resumable.inPlace ? found : await this.parts.objects.rebuild(found);
    this.parts.objects.change(located);
    return this.grow(located.object, resumable.spec, resumable);
  }

  protected grow(
    object: StoredObject,
    spec: GrowingSpec,
    start: { storage?: Storage; rows?: number },
  ): GrowingFile {
    const dataset = new GrowingFile(this.host, object, spec, start);
    this.open.set(object, dataset);
    this.parts.growing.add(dataset);
    return dataset;
  }

  /** An object that is gone: a growing dataset takes no more rows, and what its elements take is free after the next commit. */
  protected async forget(object: StoredObject): Promise<void> {
    const dataset = this.open.get(object);
    if (!dataset) {
      this.parts.dropped.push(...(await blocksOf(object, this.host.read)));
      return;
    }
    const { storage, former } = dataset.giveUp();
    this.open.delete(object);
    this.parts.growing.delete(dataset);
    this.parts.dropped.push(...former);
    if (storage) this.parts.removed.add(storage);
  }
}
