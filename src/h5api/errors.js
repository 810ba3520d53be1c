import { NxliveError } from "../errors.js";
/** Neither scans in Redis nor a file on disk have this name (or not in the mode that was asked for). */
export class FileNotFoundError extends NxliveError {
    constructor(message, context) {
        super("ERR_FILE_NOT_FOUND", message, context);
    }
}
/** Nothing lies at a path; the message says which element is missing. */
export class PathNotFoundError extends NxliveError {
    constructor(message, context) {
        super("ERR_PATH_NOT_FOUND", message, context);
    }
}
/** A link on the way leads nowhere, or in circles; `chain` has every step. */
export class BrokenLinkError extends NxliveError {
    chain;
    constructor(message, chain, context) {
        super("ERR_BROKEN_LINK", message, context);
        this.chain = chain;
    }
}
/** Links lead in a circle, or through more links than anyone would make; `chain` has every step. */
export class LinkLoopError extends NxliveError {
    chain;
    constructor(message, chain, context) {
        super("ERR_LINK_CYCLE", message, context);
        this.chain = chain;
    }
}
/** A group where a dataset is needed, or a dataset where a group is. */
export class WrongKindError extends NxliveError {
    constructor(message, context) {
        super("ERR_WRONG_KIND", message, context);
    }
}
/** Several scans of one file want the same entry; everything else in the file can be read. */
export class DuplicateEntryError extends NxliveError {
    constructor(message, context) {
        super("ERR_DUPLICATE_ENTRY", message, context);
    }
}
/** The data of a dataset cannot be had: a missing raw file, a dataset that changed under its reader. */
export class DataMissingError extends NxliveError {
    constructor(message, context) {
        super("ERR_DATA_MISSING", message, context);
    }
}
