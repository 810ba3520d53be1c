import { NxliveError } from "../errors.js";

/** Something in a mapping, or in a document that has a schema, cannot be read. `path` is where, when it is known. */
export class MappingError extends NxliveError {
  constructor(message: string, path?: string) {
    super("ERR_MAPPING", message, path === undefined ? {} : { path });
  }
}

/** Following links along a path came back to where it had been; the message shows the chain. */
export class LinkCycleError extends NxliveError {
  readonly chain: readonly string[];

  constructor(path: string, chain: readonly string[]) {
    super("ERR_LINK_CYCLE", `${path} leads to a cycle of links: ${chain.join(" → ")}.`, { path });
    this.chain = chain;
  }
}

/** A path leads through more soft links than any file of ours has. */
export class TooManyLinksError extends NxliveError {
  constructor(path: string, limit: number) {
    super("ERR_TOO_MANY_LINKS", `${path} leads through more than ${limit} soft links.`, { path });
  }
}
