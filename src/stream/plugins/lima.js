import { IndexNoMoreThereError } from "../errors.js";
import { DerivedStream } from "./derived.js";
import { FileNotClosedError, ImagesNotSavedError } from "./errors.js";
import { countImages, readImages } from "./file-points.js";
import { badField, dtypeField, recordField, requireVersion, shapeField } from "./info.js";
import { limaFiles } from "./lima-files.js";
/**
 * Images of a Lima detector (blissdata's plugin `lima`). The stream's events tell how many images were taken and saved;
 * the images are read from the detector's files once these are closed: when an image went into a later file, or at the
 * seal. Images that are not saved can only be counted.
 */
export class LimaStream extends DerivedStream {
  plugin = "lima";
  dtype;
  shape;
  /** How images are spread over files; null when they are not saved. */
  files;
  constructor(context) {
    super(context);
    this.dtype = dtypeField(context.info);
    this.shape = shapeField(context.info);
    const limaInfo = recordField(context.info, "lima_info");
    requireVersion(limaInfo, 1);
    this.files = limaFiles(limaInfo);
  }
  /** Where image `index` is, or will be. */
  reference(index) {
    return this.#savedFiles().locate(index);
  }
  /** Where images start … stop - 1 are, whether they have been taken or not: one item per file. Nothing is read. */
  references(start, stop) {
    return [...this.#savedFiles().runs(start, stop)];
  }
  get mayBecomeReadable() {
    return this.files !== null;
  }
  understand(event, sealed) {
    const status = parseStatus(event);
    const readable = this.files?.readable(status.last_index_saved, sealed) ?? 0;
    return { length: Math.max(status.last_index, status.last_index_saved) + 1, readable };
  }
  /** Parts of images: no more is read from the files than these. */
  readPart(points, inner, options = {}) {
    return this.readParts(points, inner, options);
  }
  async read(range, options) {
    if (range.count === 0) return emptyPoints(this.dtype, this.shape);
    return readImages(this.#savedFiles(), range, this.dtype, options);
  }
  async count(options) {
    if (this.files) return countImages(this.files, options);
    throw new IndexNoMoreThereError(
      `How many images "${this.name}" has had is not known any more: its status was trimmed from Redis, and the images were not saved.`,
      { stream: this.name },
    );
  }
  unreadable(index, sealed) {
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
  #savedFiles() {
    if (this.files === null) throw this.#notSaved(0);
    return this.files;
  }
  #notSaved(index) {
    return new ImagesNotSavedError(
      `The detector does not save the images of "${this.name}": they are only in its own memory.`,
      { stream: this.name, index },
    );
  }
}
/** No images, of the shape that others would have. */
export function emptyPoints(dtype, shape) {
  return { dtype, shape: [0, ...shape.map((length) => Math.max(0, length))], data: new Uint8Array() };
}
/** A status is `{"last_index": n, "last_index_saved": m}`; either may be missing. */
function parseStatus(event) {
  if (event === undefined) return { last_index: -1, last_index_saved: -1 };
  const fields = typeof event === "object" && event !== null ? { ...event } : {};
  const read = (field) => {
    const value = fields[field] ?? -1;
    if (typeof value !== "number" || !Number.isSafeInteger(value)) throw badField(field, value, "an integer");
    return Math.max(-1, value);
  };
  return { last_index: read("last_index"), last_index_saved: read("last_index_saved") };
}
export const limaPlugin = (context) => new LimaStream(context);
