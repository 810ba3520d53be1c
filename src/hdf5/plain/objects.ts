import { readAttributes } from "../format/attributes.js";
import { readCommittedType } from "../format/committed.js";
import { type RawFile, readExternalFiles } from "../format/external-files.js";
import type { Link } from "../format/link.js";
import { readLinks } from "../format/links.js";
import { MESSAGE } from "../format/messages.js";
import { type Message, readHeader } from "../format/object-header.js";
import { oddNumbers } from "../format/odd-numbers.js";
import { parseSuperblock, SUPERBLOCK_MAX } from "../format/superblock.js";
import type { ItemDescription } from "../reader-api.js";
import { type PlainDataset, plainDataset, SHARED } from "./dataset.js";
import type { PlainFile } from "./file.js";

/** What lies at a path. */
export interface Found {
  readonly item: ItemDescription;
  /** For datasets: how to read it. */
  readonly dataset?: PlainDataset;
}

/** Links kept in memory, of all groups together. */
const MOST_LINKS = 10_000;

/** The groups and datasets of a file, as far as they are understood without the HDF5 library. */
export class PlainObjects {
  readonly #file: PlainFile;
  #root: Promise<number | undefined> | undefined;
  readonly #groups = new Map<number, ReadonlyMap<string, Link>>();
  #links = 0;

  constructor(file: PlainFile) {
    this.#file = file;
  }

  /**
   * What lies at a path without empty elements, to which no link leads. Undefined when there is nothing, or it cannot be told
   * here: ask the library. Throws a RangeError for damaged structures.
   */
  async find(path: string): Promise<Found | undefined> {
    const place = await this.#locate(path);
    return place?.kind === "hard" ? this.#describe(place.address) : place && { item: linkItem(place) };
  }

  /** The names of the attributes there as they are stored, as far as the path can be followed here. */
  async attributeNames(path: string): Promise<Buffer[] | undefined> {
    const messages = await this.#messagesAt(path);
    const attributes = messages && (await readAttributes(this.#file.read, messages));
    return attributes?.map(({ nameBytes }) => nameBytes);
  }

  /** The names of the attributes there whose numbers are odd, as far as the path can be followed here. */
  async oddAttributes(path: string): Promise<string[]> {
    const messages = (await this.#messagesAt(path)) ?? [];
    const odd: string[] = [];
    for (const { name, datatype, shared } of await readAttributes(this.#file.read, messages)) {
      if (await this.#oddness(datatype, shared)) odd.push(name);
    }
    return odd;
  }

  /** The raw files that hold the elements of the dataset there; undefined when they are in the file, or that cannot be told. */
  async rawFiles(path: string): Promise<readonly RawFile[] | undefined> {
    const messages = await this.#messagesAt(path);
    const list = messages?.find(({ type }) => type === MESSAGE.externalFiles);
    return list && readExternalFiles(this.#file.read, list.body);
  }

  /** The link at a path without further ones on the way. */
  async #locate(path: string): Promise<Link | undefined> {
    this.#root ??= this.#findRoot();
    let address = await this.#root;
    if (address === undefined) return undefined;
    const names = path.split("/").filter((name) => name !== "");
    for (const [i, name] of names.entries()) {
      const link: Link | undefined = (await this.#linksOf(address))?.get(name);
      if (link?.kind !== "hard") return i === names.length - 1 ? link : undefined;
      address = link.address;
    }
    return { kind: "hard", address };
  }

  /** Undefined for files that are not laid out as usual, are open for writing (as they say), or too short. */
  async #findRoot(): Promise<number | undefined> {
    const block = parseSuperblock(await this.#file.read(0, SUPERBLOCK_MAX));
    if (block?.base !== 0 || block.driver !== undefined) return undefined;
    const usual = block.sizes.every((size) => size === 8) && block.flags === 0;
    return usual && block.eof <= this.#file.size ? block.root : undefined;
  }

  async #describe(address: number): Promise<Found | undefined> {
    if (await this.#linksOf(address)) return { item: { kind: "group" } };
    const messages = await this.#messages(address);
    const dataset = plainDataset(this.#file, messages);
    if (!dataset) return this.#oddDataset(messages);
    const { dtype, shape, maxshape, storage } = dataset;
    const [chunks, filters] = storage.kind === "chunks" ? [storage.chunks, storage.filters] : [null, []];
    return {
      item: { kind: "dataset", dtype, shape, maxshape, chunks, filters, virtualSources: null },
      dataset,
    };
  }

  /** Undefined for what is no group. */
  async #linksOf(address: number): Promise<ReadonlyMap<string, Link> | undefined> {
    const known = this.#groups.get(address);
    if (known) return known;
    const messages = await this.#messages(address);
    if (messages.some(({ type }) => type === MESSAGE.layout)) return undefined;
    const links = await readLinks(this.#file.read, messages);
    if (!links) return undefined;
    if (this.#links > MOST_LINKS) {
      this.#groups.clear();
      this.#links = 0;
    }
    this.#links += links.length;
    const group = new Map(links.map(({ name, link }) => [name, link]));
    this.#groups.set(address, group);
    return group;
  }

  /** The library reads such numbers as if they were usual ones, and does not tell. */
  async #oddDataset(messages: readonly Message[]): Promise<Found | undefined> {
    const type = messages.find((message) => message.type === MESSAGE.datatype);
    const odd = type && (await this.#oddness(type.body, (type.flags & SHARED) !== 0));
    return odd ? { item: { kind: "other", what: `a dataset of ${odd}` } } : undefined;
  }

  async #oddness(datatype: Buffer, shared: boolean): Promise<string | undefined> {
    const message = shared ? await readCommittedType(this.#file.read, datatype) : datatype;
    return message && oddNumbers(message);
  }

  /** Undefined for a link, and where the path cannot be followed here. */
  async #messagesAt(path: string): Promise<Message[] | undefined> {
    const place = await this.#locate(path);
    return place?.kind === "hard" ? this.#messages(place.address) : undefined;
  }

  async #messages(address: number): Promise<Message[]> {
    const { chunks } = await readHeader(this.#file.read, address);
    return chunks.flatMap((chunk) => chunk.messages);
  }
}

function linkItem(link: Exclude<Link, { kind: "hard" }>): ItemDescription {
  return link.kind === "soft"
    ? { kind: "soft_link", target: link.target }
    : { kind: "external_link", file: link.file, path: link.path };
}
