/** A link as it is stored, not followed; see `get(path, { link: true })`. */
export type Link = HardLink | SoftLink | ExternalLink;

/** The item itself lies there. */
export class HardLink {
  readonly kind = "hard";
}

/** A link to a path of the same file, which need not exist. */
export class SoftLink {
  readonly kind = "soft";
  /** Where it leads: absolute, or relative to the group that holds it. */
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }
}

/** A link to a path of another file, neither of which need exist. */
export class ExternalLink {
  readonly kind = "external";
  /** The other file, as stored: absolute, or relative to the folder of this one. */
  readonly filename: string;
  /** The path in that file. */
  readonly path: string;

  constructor(filename: string, path: string) {
    this.filename = filename;
    this.path = path;
  }
}
