import { InvalidArgumentError } from "../../errors.js";
import { isJsonObject } from "../../json.js";
import { formatJson } from "../../json-text.js";
import type { NdArray } from "../../ndarray/ndarray.js";
import type { AxisRange } from "../../ndarray/slice.js";
import { IndexNoMoreThereError, StreamFormatError } from "../errors.js";
import type { StreamPluginFactory } from "../plugin.js";
import type { RawPoints } from "../points.js";
import type { SignalOption, WaitOptions } from "../reading.js";
import { DerivedStream, type PartOptions } from "./derived.js";
import { FileNotClosedError, ImagesNotSavedError } from "./errors.js";
import { countImages, readImages } from "./file-points.js";
import { dtypeField, recordField, requireVersion, shapeField } from "./info.js";
import { type ImageLocation, type ImageRun, type LimaFiles, limaFiles } from "./lima-files.js";

/** How far a Lima detector is, as it publishes it; indices of images, -1 before the first. */
export interface LimaStatus {
  readonly last_index: number;
  readonly last_index_saved: number;
}

/**
 * Images of a Lima detector (blissdata's plugin `lima`). The stream's events tell how many images were taken and saved;
 * the images are read from the detector's files once these are closed: when an image went into a later file, or at the
 * seal. Images that are not saved can only be counted.
 */
export class LimaStream extends DerivedStream {
  readonly plugin = "lima";
  readonly dtype: string;
  readonly shape: readonly number[];
  /** How images are spread over files; null when they are not saved. */
  readonly files: LimaFiles | null;

  constructor(context: Parameters<StreamPluginFactory>[0]) {
    super(context);
    this.dtype = dtypeField(context.info);
    this.shape = shapeField(context.info);
    const limaInfo = recordField(context.info, "lima_info");
    requireVersion(limaInfo, 1);
    this.files = limaFiles(limaInfo);
  }

  /** Where image `index` is, or will be. */
  reference(index: number): ImageLocation {
    this.#requireIndex(index);
    return this.#savedFiles().locate(index);
  }

  /** Where images start … stop - 1 are, whether they have been taken or not: one item per file. Nothing is read. */
  references(start: number, stop: number): ImageRun[] {
    for (const index of [start, stop]) this.#requireIndex(index);
    return [...this.#savedFiles().runs(start, stop)];
  }

  protected get mayBecomeReadable(): boolean {
    return this.files !== null;
  }

  protected understand(event: unknown, sealed: boolean): { length: number; readable: number } {
    const status = this.#status(event);
    const readable = this.files?.readable(status.last_index_saved, sealed) ?? 0;
    return { length: Math.max(status.last_index, status.last_index_saved) + 1, readable };
  }

  /** Parts of images: no more is read from the files than these. */
  readPart(points: AxisRange, inner: readonly AxisRange[], options: WaitOptions = {}): Promise<NdArray> {
    return this.readParts(points, inner, options);
  }

  protected async read(range: AxisRange, options: PartOptions): Promise<RawPoints> {
    if (range.count === 0) return emptyPoints(this.dtype, this.shape);
    return readImages(this.#savedFiles(), range, this.dtype, options);
  }

  protected async count(options: SignalOption): Promise<number> {
    if (this.files) return countImages(this.files, options);
    throw new IndexNoMoreThereError(
      `How many images "${this.name}" has had is not known any more: its status was trimmed from Redis, and the images were not saved.`,
      { stream: this.name },
    );
  }

  protected unreadable(index: number, sealed: boolean): Error {
    if (this.files === null) return this.#notSaved(index);
    const path = this.files.locate(index).file;
    const context = { stream: this.name, index, path };
    if (sealed) {
      return new ImagesNotSavedError(
        `Image ${index} of "${this.name}" was taken, but the detector did not save it before the end of the scan.`,
        context,
      );
    }
    return new FileNotClosedError(
      `Image ${index} of "${this.name}" is not in a finished file yet: "${path}" can be read once an image is saved in a later file, or at the end of the scan. Wait for it with { wait: true }.`,
      context,
    );
  }

  /** A status is `{"last_index": n, "last_index_saved": m}`; either may be missing. */
  #status(event: unknown): LimaStatus {
    if (event === undefined) return { last_index: -1, last_index_saved: -1 };
    const read = (field: keyof LimaStatus) => {
      const value = isJsonObject(event) ? (event[field] ?? -1) : undefined;
      if (typeof value === "number" && Number.isSafeInteger(value)) return Math.max(-1, value);
      throw new StreamFormatError(
        `A status of "${this.name}" must be {"last_index": n, "last_index_saved": m}, got ${formatJson(event)}.`,
        { stream: this.name },
      );
    };
    return { last_index: read("last_index"), last_index_saved: read("last_index_saved") };
  }

  #requireIndex(index: number): void {
    if (Number.isSafeInteger(index) && index >= 0) return;
    throw new InvalidArgumentError(`Images are counted from 0, up to what length() gives: got ${index}.`, {
      stream: this.name,
    });
  }

  #savedFiles(): LimaFiles {
    if (this.files === null) throw this.#notSaved(0);
    return this.files;
  }

  #notSaved(index: number): ImagesNotSavedError {
    return new ImagesNotSavedError(
      `The detector does not save the images of "${this.name}": they are only in its own memory.`,
      { stream: this.name, index },
    );
  }
}

/** No images, of the shape that others would have. */
export function emptyPoints(dtype: string, shape: readonly number[]): RawPoints {
  return { dtype, shape: [0, ...shape.map((length) => Math.max(0, length))], data: new Uint8Array() };
}

export const limaPlugin: StreamPluginFactory = (context) => new LimaStream(context);
