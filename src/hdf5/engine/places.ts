import { ItemExistsError, ItemMissingError } from "../errors.js";
import type { Link } from "../format/link.js";
import type { CommitParts } from "./commit.js";
import type { LinkEntry, StoredObject } from "./object.js";
import type { Located } from "./objects.js";
import { joinPath, splitParent } from "./paths.js";
import { unlinked } from "./unlink.js";

/** Where an item goes. */
export interface Place {
  readonly parent: Located;
  readonly name: string;
  readonly path: string;
}

/** The places of items in a file: what is linked there, becomes free, or is given up for something new. */
export class Places {
  private readonly parts: CommitParts;
  private readonly forget: (object: StoredObject) => Promise<void>;
  /** Paths of items that are to be replaced: they stay until something new takes their place. */
  private readonly vacated = new Set<string>();

  /** `forget` is told of objects that nothing leads to any more. */
  constructor(parts: CommitParts, forget: (object: StoredObject) => Promise<void>) {
    this.parts = parts;
    this.forget = forget;
  }

  isVacated(elements: readonly string[]): boolean {
    return this.vacated.has(joinPath(elements));
  }

  /** The link itself, wherever it leads. */
  async linkAt(elements: readonly string[]): Promise<Link | undefined> {
    const name = elements.at(-1);
    const parent = await this.parts.objects.find(elements.slice(0, -1));
    return name === undefined ? undefined : parent?.object.links.get(name)?.link;
  }

  /** A place for a new item. Error: ItemExistsError when it is taken, and not vacated. */
  async find(path: string): Promise<Place> {
    const place = await this.placeOf(path);
    if (place.parent.object.links.has(place.name) && !this.vacated.has(place.path)) {
      throw new ItemExistsError(
        `${this.parts.file.path}: there is something at ${path} already; remove it first.`,
        { path },
      );
    }
    return place;
  }

  /** Puts a link into its place, and gives up what was there. */
  async fill({ parent, name, path }: Place, link: Link, target?: StoredObject): Promise<void> {
    const old = parent.object.links.get(name);
    this.parts.objects.change(parent);
    parent.object.addLink(name, link, target);
    this.vacated.delete(path);
    if (old) await this.unlinked(old, path);
  }

  /** What is there may be replaced. Error: ItemMissingError. */
  async vacate(path: string): Promise<void> {
    const place = await this.placeOf(path);
    this.requireLink(place, path);
    this.vacated.add(place.path);
  }

  /** Takes a link away, and with it what it led to unless other links do. Error: ItemMissingError. */
  async clear(path: string): Promise<void> {
    const place = await this.placeOf(path);
    const link = this.requireLink(place, path);
    this.vacated.delete(place.path);
    this.parts.objects.change(place.parent);
    place.parent.object.removeLink(place.name);
    await this.unlinked(link, path);
  }

  private async placeOf(path: string): Promise<Place> {
    const { parent: elements, name } = splitParent(path);
    const parent = await this.parts.objects.group(elements);
    return { parent, name, path: joinPath([...elements, name]) };
  }

  private requireLink({ parent, name }: Place, path: string): LinkEntry {
    const link = parent.object.links.get(name);
    if (link) return link;
    throw new ItemMissingError(`${this.parts.file.path}: there is nothing at ${path}.`, { path });
  }

  private async unlinked(link: LinkEntry, path: string): Promise<void> {
    if (link.link.kind !== "hard") return;
    const target = await this.parts.objects.targetOf(link, path);
    await unlinked(target, this.parts, this.forget);
  }
}
