import { messageOf } from "../errors.js";
import { xrange } from "../redis/commands.js";
import type { Scan } from "../scan/scan.js";
import type { DataStore } from "../scan/store.js";
import type { FollowableStream } from "../stream/followable.js";
import { type ChunkOptions, scanChunkOptions } from "./chunks.js";
import { copyRows, holdsRows } from "./copied-rows.js";
import type { WriterMetrics } from "./metrics.js";
import type { OpenFile } from "./open-file.js";
import { pumpStreams, type StreamPump } from "./pump.js";
import type { ScanReport } from "./report.js";
import type { ScanProgress } from "./scan-progress.js";
import { openSink } from "./sinks/choose.js";
import { Progress, type StreamSink } from "./sinks/sink.js";
import type { Slot } from "./slots.js";
import type { StreamPlace } from "./tree-writer.js";

/** What writing streams needs of the writer. */
export interface StreamServices {
  readonly store: DataStore;
  readonly metrics: WriterMetrics;
  readonly chunks: ChunkOptions;
}

/** The streams of one scan, from the opening of their places in files to the last of their points. */
export class ScanStreams {
  readonly #services: StreamServices;
  readonly #scan: Scan;
  readonly #progress: ScanProgress;
  readonly #report: ScanReport;
  readonly #slot: Slot;
  readonly #chunks: ChunkOptions;
  readonly #pumps = new Map<string, StreamPump>();

  constructor(services: StreamServices, scan: Scan, progress: ScanProgress, slot: Slot) {
    this.#services = services;
    this.#scan = scan;
    this.#progress = progress;
    this.#report = progress.report;
    this.#slot = slot;
    const { options, warnings } = scanChunkOptions(scan.info, services.chunks);
    this.#chunks = options;
    for (const warning of warnings) this.#report.warn(warning);
  }

  /** Those that have places in files. */
  get placed(): readonly StreamPump[] {
    return [...this.#pumps.values()];
  }

  get sinks(): ReadonlySet<StreamSink> {
    return new Set(this.placed.flatMap(({ sinks }) => sinks));
  }

  /** Those with places that were not there before; only these are in the result. */
  placedBeside(before: ReadonlySet<StreamSink>): readonly StreamPump[] {
    return this.placed.map((pump) => ({ ...pump, sinks: pump.sinks.filter((sink) => !before.has(sink)) }));
  }

  /**
   * Gives new places of streams that Redis has trimmed what other places in the scan's files hold. `complete`: the places that
   * have all points; `commit`: makes these readable.
   */
  async copyTrimmed(
    late: readonly StreamPump[],
    complete: ReadonlySet<StreamSink>,
    commit: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const fresh = late.flatMap(({ sinks }) => sinks);
    for (const to of fresh.filter((sink) => sink.next === 0 && holdsRows(sink))) {
      const { stream, file, path } = to.target;
      if (!(await this.#isTrimmed(stream, signal))) continue;
      await commit();
      const from = await this.#placeWithRows(stream, complete, fresh);
      if (!from) continue;
      try {
        await copyRows(from, to, signal);
      } catch (error) {
        file.refuseFatal(error);
        signal.throwIfAborted();
        this.#report.warn(`${file.path}::${path} is filled from Redis only: ${messageOf(error)}`);
      }
    }
  }

  async #isTrimmed({ key }: FollowableStream, signal: AbortSignal): Promise<boolean> {
    const [first] = await this.#services.store.redis.do(xrange(key, "-", "+", 1), { signal });
    return first !== undefined && first.id !== "0-1";
  }

  /** A dataset with points of a stream that is still where it was written, or has moved. */
  async #placeWithRows(
    stream: FollowableStream,
    complete: ReadonlySet<StreamSink>,
    fresh: readonly StreamSink[],
  ): Promise<StreamSink | undefined> {
    const of = (sink: StreamSink) => sink.target.stream === stream && sink.next > 0 && holdsRows(sink);
    const moved = fresh.find(of);
    if (moved) return moved;
    for (const sink of [...complete].filter(of)) {
      const { file, path } = sink.target;
      const taken = fresh.some(({ target }) => target.file === file && target.path === path);
      if (!taken && (await file.hdf5.kindOf(path)) === "dataset") return sink;
    }
    return undefined;
  }

  /** How large the points of variable size became. */
  get pointShapes(): ReadonlyMap<string, readonly number[]> {
    const known = [...this.#pumps].flatMap(([name, { sinks }]) => {
      const shape = sinks.find(({ pointShape }) => pointShape)?.pointShape;
      return shape ? [[name, shape] as const] : [];
    });
    return new Map(known);
  }

  /** Opens the place of a stream in a file. */
  async place(
    file: OpenFile,
    { path, stream: name, attributes, layout, resume }: StreamPlace,
  ): Promise<void> {
    const stream = this.#scan.streams.get(name);
    if (!stream) {
      this.#report.fail(`${file.path}::${path}: the scan has no stream "${name}".`);
      return;
    }
    const { metrics } = this.#services;
    const warn = (message: string) => this.#report.warn(message);
    const progress = new Progress((points, bytes, warning) => {
      metrics.points.inc(points);
      metrics.bytes.inc(bytes);
      if (warning !== undefined) warn(warning);
    });
    const target = { file, path, stream, attributes, layout, chunks: this.#chunks, resume, warn };
    const sink = await openSink(target, progress);
    if (!sink) return;
    const pump = this.#pumps.get(name) ?? { stream, sinks: [], failed: [], error: undefined, lost: 0 };
    pump.sinks.push(sink);
    this.#pumps.set(name, pump);
    this.#progress.pumps = this.placed;
  }

  /** Writes the points of streams as they come, to their ends. Once `hurry` aborts no points are left to gather. */
  async write(
    pumps: readonly StreamPump[],
    signals: { readonly signal: AbortSignal; readonly hurry: AbortSignal },
  ): Promise<void> {
    const active = pumps.filter(({ sinks }) => sinks.length > 0);
    if (active.length === 0) return;
    const group = this.#services.store.cursorGroup([], { reuse: true });
    try {
      await pumpStreams(active, group, this.#slot, this.#report, signals);
    } finally {
      group.close();
    }
    for (const { name } of group.unsealed) {
      this.#report.warn(
        `Stream "${name}" was never sealed: what it held when the scan was closed is written.`,
      );
    }
  }

  /** Completes what was written; a place where that fails is a failure of the scan. */
  async finish(pumps: readonly StreamPump[]): Promise<void> {
    for (const { sinks, stream } of pumps) {
      for (const sink of sinks) {
        const { file, path } = sink.target;
        try {
          await sink.finish();
        } catch (error) {
          file.refuseFatal(error);
          this.#report.fail(
            `${file.path}::${path}: stream "${stream.name}" cannot be completed: ${messageOf(error)}`,
          );
        }
      }
    }
  }
}
