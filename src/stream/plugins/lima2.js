import { messageOf } from "../../errors.js";
import { encodeArray } from "../../ndarray/encode.js";
import { sleep } from "../../waiting.js";
import { trimmed } from "../errors.js";
import { joinRuns } from "../points.js";
import { DerivedStream } from "./derived.js";
import { DataFileError, DataFileMissingError, LiveFrameError } from "./errors.js";
import { inByteOrder } from "./file-points.js";
import { countHdf5Points, readHdf5Points } from "./hdf5-points.js";
import { badField, dtypeField, requireVersion, shapeField, textField } from "./info.js";
import { emptyPoints } from "./lima.js";

/** How long a master file may take after the seal, and how often to look; milliseconds. */
const MASTER_FILE_PATIENCE = 10_000;
const MASTER_FILE_PAUSE = 250;
/**
 * Frames of a Lima2 detector (blissdata's plugin `lima2`). The stream's events tell how many frames there are; frames
 * are read from the detector's master file once the stream is sealed. Before that, or without a master file, only a
 * `fetchFrame` function given to `lima2Plugin` can get them.
 */
export class Lima2Stream extends DerivedStream {
  plugin = "lima2";
  dtype;
  shape;
  /** The file that refers to all frames, null when they are not saved. */
  masterFile;
  #fetchFrame;
  /** Until when the master file may be unfinished; past for streams that were sealed when first seen. */
  #finishing = 0;
  #source;
  constructor({ info, ...context }, options = {}) {
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
  get mayBecomeReadable() {
    return this.#fetchFrame !== undefined || this.masterFile !== null;
  }
  understand(event, sealed) {
    const length = typeof event === "number" ? event : 0;
    if (!sealed) this.#finishing = Number.POSITIVE_INFINITY;
    else this.#finishing = Math.min(this.#finishing, performance.now() + MASTER_FILE_PATIENCE);
    const readable = this.#fetchFrame || (sealed && this.masterFile) ? length : 0;
    return { length, readable };
  }
  async read(range, options) {
    if (range.count === 0) return emptyPoints(this.dtype, this.shape);
    if (this.masterFile && (await this.isSealed(options))) {
      return this.#readMaster(this.masterFile, range, options);
    }
    return this.#fetch(range, options);
  }
  count() {
    if (!this.masterFile) throw trimmed(this.name, 0);
    return countHdf5Points(this.masterFile.file, this.masterFile.dataset);
  }
  unreadable(index, sealed) {
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
  async #readMaster({ file, dataset }, range, options) {
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
  async #fetch(range, options) {
    const frames = [];
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
  async #fetchOne(index, options) {
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
function masterFile(info) {
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
export function lima2Plugin(options = {}) {
  return (context) => new Lima2Stream(context, options);
}
