import { NxliveError } from "../../errors.js";
/** The detector does not save its images: they can only be seen on the detector itself. */
export class ImagesNotSavedError extends NxliveError {
  constructor(message, context) {
    super("ERR_IMAGES_NOT_SAVED", message, context);
  }
}
/** The image is in a file that the detector may still have open. It can be read once an image went into a later file, or at the seal. */
export class FileNotClosedError extends NxliveError {
  constructor(message, context) {
    super("ERR_FILE_NOT_CLOSED", message, context);
  }
}
/** A file that should hold images or points does not exist. */
export class DataFileMissingError extends NxliveError {
  constructor(message, context) {
    super("ERR_DATA_FILE_MISSING", message, context);
  }
}
/** A file does not hold what the stream says: damaged, cut short, other dtype or shape. */
export class DataFileError extends NxliveError {
  constructor(message, context) {
    super("ERR_DATA_FILE", message, context);
  }
}
/** Images in a file format, or with a compression, that nxlive does not read. */
export class FileFormatError extends NxliveError {
  constructor(message, context) {
    super("ERR_FILE_FORMAT", message, context);
  }
}
/** Images that are only in the detector's memory, and no fetcher was given (or it failed; see `cause`). */
export class LiveFrameError extends NxliveError {
  constructor(message, context) {
    super("ERR_LIVE_FRAME", message, context);
  }
}
