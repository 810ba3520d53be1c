import type { SignalOption } from "../stream/reading.js";
import { Attributes } from "./attributes.js";
import type { FileCore } from "./core.js";
import type { Located } from "./resolve.js";

/** What groups and datasets have in common. */
export abstract class Node {
  /** The absolute path by which it was reached; links on the way are not replaced. */
  readonly name: string;
  readonly attrs: Attributes;
  protected readonly core: FileCore;
  #located: Located;
  #version: number;

  constructor(core: FileCore, name: string, located: Located, version: number) {
    this.core = core;
    this.name = name;
    this.#located = located;
    this.#version = version;
    this.attrs = new Attributes(async (options) => (await this.current(options)).item.attributes(options));
  }

  /** `FILE::PATH`, as it is written everywhere. */
  get location(): string {
    return `${this.core.name}::${this.name}`;
  }

  /** Absolute path of the file by which it was reached. */
  get filename(): string {
    return this.core.name;
  }

  /** Where the item itself lies, after all links: another file and path than its own where links led there. */
  get target(): { readonly filename: string; readonly path: string } {
    return { filename: this.#located.view.name, path: this.#located.path };
  }

  /**
   * The same text for all names that lead to one object, through links of any kind: two nodes are the same when theirs are
   * equal, as with h5py's `==`.
   */
  async identity(options: SignalOption = {}): Promise<string> {
    const { view, path, item } = await this.current(options);
    return `${view.name}::${(await item.identity?.()) ?? path}`;
  }

  /** What the path leads to now. */
  protected async current(options: SignalOption = {}): Promise<Located> {
    const version = await this.core.version(options);
    // Other files have versions of their own: what lies there is looked up each time.
    if (version === this.#version && this.#located.view === this.core.view) return this.#located;
    this.#located = await this.core.resolve(this.name, options);
    this.#version = version;
    return this.#located;
  }
}
