import { messageOf } from "../../errors.js";
import { formatJson } from "../../json-text.js";
import { encodeArray } from "../../ndarray/encode.js";
import type { NdArray } from "../../ndarray/ndarray.js";
import type { AxisRange } from "../../ndarray/slice.js";
import { sleep } from "../../waiting.js";
import { StreamFormatError, trimmed } from "../errors.js";
import type { PluginContext, StreamPluginFactory } from "../plugin.js";
import { joinRuns, type RawPoints } from "../points.js";
import type { SignalOption } from "../reading.js";
import { DerivedStream } from "./derived.js";
import { DataFileError, DataFileMissingError, LiveFrameError } from "./errors.js";
import { inByteOrder } from "./file-points.js";
import { countHdf5Points, readHdf5Points } from "./hdf5-points.js";
import { badField, dtypeField, requireVersion, type StreamInfo, shapeField, textField } from "./info.js";
import { emptyPoints } from "./lima.js";

/** What identifies a frame on a Lima2 detector. */
export interface FrameRequest {
  /** UUID of the acquisition. */
  readonly acquisition: string;
  /** Frame source, such as `frame` or `sparse_frame`. */
  readonly source: string;
  readonly conductor: { readonly hostname: string; readonly port: number };
  readonly index: number;
  readonly signal?: AbortSignal;
}

export interface Lima2Options {
  /** Asks the detector for a frame that is not in a finished file: shape and dtype as the stream says. */
  readonly fetchFrame?: (request: FrameRequest) => Promise<NdArray>;
}

/** How long a master file may take after the seal, and how often to look; milliseconds. */
const MASTER_FILE_PATIENCE = 10_000;
const MASTER_FILE_PAUSE = 250;

/** A dataset in a file. */
export interface MasterFile {
  readonly file: string;
  readonly dataset: string;
}

/**
 * Frames of a Lima2 detector (blissdata's plugin `lima2`). The stream's events tell how many frames there are; frames
 * are read from the detector's master file once the stream is sealed. Before that, or without a master file, only a
 * `fetchFrame` function given to `lima2Plugin` can get them.
 */
export class Lima2Stream extends DerivedStream {
  readonly plugin = "lima2";
  readonly dtype: string;
  readonly shape: readonly number[];
  /** The file that refers to all frames, null when they are not saved. */
  readonly masterFile: MasterFile | null;
  readonly #fetchFrame: Lima2Options["fetchFrame"];
  /** Until when the master file may be unfinished; past for streams that were sealed when first seen. */
  #finishing = 0;
  readonly #source: Omit<FrameRequest, "index" | "signal">;

  constructor({ info, ...context }: PluginContext, options: Lima2Options = {}) {
    super({ info, ...context });
    requireVersion(info, 2);
    this.dtype = dtypeField(info);
    this.shape = shapeField(info);
    this.masterFile = masterFile(info);
    this.#fetchFrame = options.fetchFrame;
    this.#source = {
      acquisition: textField(info, "acq_uuid"),
      source: textField(info, "source_name"),
      conductor: { hostname: String(info.conductor_hostname), port: Number(info.conductor_port) },
    };
  }

  protected get mayBecomeReadable(): boolean {
    return this.#fetchFrame !== undefined || this.masterFile !== null;
  }

  protected understand(event: unknown, sealed: boolean): { length: number; readable: number } {
    const length = this.#framesIn(event);
    if (!sealed) this.#finishing = Number.POSITIVE_INFINITY;
    else this.#finishing = Math.min(this.#finishing, performance.now() + MASTER_FILE_PATIENCE);
    const readable = this.#fetchFrame || (sealed && this.masterFile) ? length : 0;
    return { length, readable };
  }

  /** Each event is the number of frames that are available. */
  #framesIn(event: unknown): number {
    const frames = typeof event === "bigint" ? Number(event) : (event ?? 0);
    if (typeof frames === "number" && Number.isSafeInteger(frames) && frames >= 0) return frames;
    throw new StreamFormatError(
      `An event of "${this.name}" must be a number of frames, got ${formatJson(event)}.`,
      {
        stream: this.name,
      },
    );
  }

  protected async read(range: AxisRange, options: SignalOption): Promise<RawPoints> {
    if (range.count === 0) return emptyPoints(this.dtype, this.shape);
    if (this.masterFile && (await this.isSealed(options))) {
      return this.#readMaster(this.masterFile, range, options);
    }
    return this.#fetch(range, options);
  }

  protected count(): Promise<number> {
    if (!this.masterFile) throw trimmed(this.name, 0);
    return countHdf5Points(this.masterFile.file, this.masterFile.dataset);
  }

  protected unreadable(index: number, sealed: boolean): Error {
    const why =
      this.masterFile && !sealed
        ? "its master file is complete only at the end of the scan"
        : "it is not saved in a file";
    return new LiveFrameError(
      `Frame ${index} of "${this.name}" cannot be read: ${why}. Frames in the detector's memory need a function: registerStreamPlugin("lima2", lima2Plugin({ fetchFrame })).`,
      { stream: this.name, index },
    );
  }

  /** The detector may finish its master file a moment after the seal: those who saw the seal come wait for it. */
  async #readMaster(
    { file, dataset }: MasterFile,
    range: AxisRange,
    options: SignalOption,
  ): Promise<RawPoints> {
    for (;;) {
      try {
        return inByteOrder(await readHdf5Points(file, dataset, range, options), this.dtype, file);
      } catch (error) {
        const unfinished = error instanceof DataFileMissingError || error instanceof DataFileError;
        if (!unfinished || performance.now() >= this.#finishing) throw error;
        await sleep(MASTER_FILE_PAUSE, options.signal);
      }
    }
  }

  async #fetch(range: AxisRange, options: SignalOption): Promise<RawPoints> {
    const frames: RawPoints[] = [];
    for (let i = 0; i < range.count; i++) {
      options.signal?.throwIfAborted();
      frames.push(await this.#fetchOne(range.start + i * range.step, options));
    }
    const [all, other] = joinRuns(frames);
    if (!all || other) {
      throw new DataFileError(`The detector's frames of "${this.name}" differ in shape.`, {
        stream: this.name,
      });
    }
    return all;
  }

  async #fetchOne(index: number, options: SignalOption): Promise<RawPoints> {
    if (!this.#fetchFrame) throw this.unreadable(index, true);
    try {
      const frame = await this.#fetchFrame({ ...this.#source, index, ...options });
      const { shape, bytes } = encodeArray(frame, this.dtype);
      return { dtype: this.dtype, shape: [1, ...shape], data: bytes };
    } catch (cause) {
      options.signal?.throwIfAborted();
      throw new LiveFrameError(`The detector gave no frame ${index} of "${this.name}": ${messageOf(cause)}`, {
        stream: this.name,
        index,
        cause,
      });
    }
  }
}

function masterFile(info: StreamInfo): MasterFile | null {
  const value = info.master_file ?? null;
  if (value === null) return null;
  const [file, dataset] = Array.isArray(value) ? value : [];
  if (typeof file !== "string" || typeof dataset !== "string") {
    throw badField("master_file", value, "[file path, data path] or null");
  }
  return { file, dataset };
}

/**
 * The plugin for Lima2 streams. nxlive registers it without options; register it again with a fetcher to see frames
 * while they are taken.
 */
export function lima2Plugin(options: Lima2Options = {}): StreamPluginFactory {
  return (context) => new Lima2Stream(context, options);
}
