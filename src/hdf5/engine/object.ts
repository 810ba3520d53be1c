import { LimitError } from "../errors.js";
import { parseAttribute } from "../format/attribute.js";
import { encodeLink, type Link, parseLink } from "../format/link.js";
import {
  CONSTANT,
  encodeAttributeInfo,
  encodeGroupInfo,
  encodeLinkInfo,
  encodeReferenceCount,
  MESSAGE,
  parseAttributeInfo,
  parseLinkInfo,
  parseReferenceCount,
} from "../format/messages.js";
import { Header } from "./header.js";
import { type Entry, entry } from "./header-chunk.js";

/** Largest message body; the format's limit for a header message is 65535. */
export const MESSAGE_MAX = 65000;
const ATTRIBUTE_ORDERS = 65535;
/** How far the stored "next creation index" may lead, so that it need not be rewritten each time. */
const ORDER_LEAD = 4096;

/** A link in memory; a hard link names the object itself until that has an address. */
export class LinkEntry implements Entry {
  readonly type = MESSAGE.link;
  readonly flags = 0;
  readonly name: string;
  readonly order: number;
  link: Link;
  /** The target of a hard link when it is in memory and not yet (or no longer) where `link` says. */
  target: StoredObject | undefined;

  constructor(name: string, order: number, link: Link, target?: StoredObject) {
    this.name = name;
    this.order = order;
    this.link = link;
    this.target = target;
  }

  get length(): number {
    return encodeLink(this.name, this.order, this.link).length;
  }

  encode(): Buffer {
    const address = this.target?.address;
    if (address !== undefined) this.link = { kind: "hard", address };
    return encodeLink(this.name, this.order, this.link);
  }
}

/** A group, dataset or committed type of the file, in memory: its header, attributes and links. */
export class StoredObject {
  readonly header: Header;
  readonly kind: "group" | "dataset" | "other";
  readonly attributes = new Map<string, Entry>();
  readonly links = new Map<string, LinkEntry>();
  references = 1;
  /** Where the object lies in a file made by others, until it is changed: then it is written anew. */
  origin: number | undefined;
  /** Kept in memory (growing datasets). */
  pinned = false;
  private nextAttribute = 0;
  private attributeLead = 0;
  private nextLink = 0;
  private linkLead = 0;
  private infos: { attribute?: Entry; link?: Entry; references?: Entry } = {};

  constructor(kind: "group" | "dataset" | "other", header = new Header()) {
    this.kind = kind;
    this.header = header;
  }

  get address(): number | undefined {
    return this.header.address ?? this.origin;
  }

  /** False when attributes or links lie in dense storage, outside the header, or their order is not tracked. */
  get compact(): boolean {
    return this.infos.attribute !== undefined && (this.kind !== "group" || this.infos.link !== undefined);
  }

  static group(): StoredObject {
    const group = new StoredObject("group");
    group.addLinkInfo();
    group.addAttributeInfo();
    return group;
  }

  /** An object of ours, from its header in the file. */
  static fromHeader(header: Header): StoredObject {
    const entries = header.entries;
    const object = new StoredObject(kindOf(entries), header);
    for (const item of entries) object.take(item);
    return object;
  }

  addLinkInfo(): void {
    this.linkLead = ORDER_LEAD;
    this.infos.link = this.lazy(MESSAGE.linkInfo, 34, () => encodeLinkInfo(this.linkLead));
    this.header.add(this.infos.link);
    this.header.add(entry(MESSAGE.groupInfo, encodeGroupInfo()));
  }

  addAttributeInfo(): void {
    this.attributeLead = 1024;
    this.infos.attribute = this.lazy(MESSAGE.attributeInfo, 28, () =>
      encodeAttributeInfo(this.attributeLead),
    );
    this.header.add(this.infos.attribute);
  }

  /** Creates or replaces an attribute; a replaced one keeps its place in the order. */
  setAttribute(name: string, body: Buffer, flags = 0): void {
    if (body.length > MESSAGE_MAX) {
      throw new LimitError(
        `The attribute "${name}" needs ${body.length} bytes: HDF5 attributes hold at most ${MESSAGE_MAX}. Store it as a dataset.`,
      );
    }
    const old = this.attributes.get(name);
    const order = old ? old.order : this.attributeOrder();
    const added = entry(MESSAGE.attribute, body, flags, order);
    if (old) this.header.replace(old, added);
    else this.header.add(added);
    this.attributes.set(name, added);
  }

  deleteAttribute(name: string): boolean {
    const old = this.attributes.get(name);
    if (old) this.header.remove(old);
    return this.attributes.delete(name);
  }

  /** Adds a link, or exchanges the one of this name, which keeps its position, in one write. */
  addLink(name: string, link: Link, target?: StoredObject): LinkEntry {
    const old = this.links.get(name);
    const order = old?.order ?? this.nextLink;
    const added = new LinkEntry(name, order, link, target);
    if (added.length > MESSAGE_MAX)
      throw new LimitError(`The link "${name.slice(0, 80)}…" is too long for HDF5.`);
    this.nextLink = Math.max(this.nextLink, order + 1);
    if (this.nextLink > this.linkLead) {
      this.linkLead = this.nextLink + ORDER_LEAD;
      this.touch(this.infos.link);
    }
    if (old) this.header.replace(old, added);
    else this.header.add(added);
    this.links.set(name, added);
    return added;
  }

  removeLink(name: string): LinkEntry | undefined {
    const old = this.links.get(name);
    if (old) this.header.remove(old);
    this.links.delete(name);
    return old;
  }

  /** The link's target moved: write the link again. */
  relink(link: LinkEntry, target: StoredObject): void {
    link.target = target;
    this.touch(link);
  }

  setReferences(count: number): void {
    this.references = count;
    const added = entry(MESSAGE.referenceCount, encodeReferenceCount(count));
    if (this.infos.references) this.header.replace(this.infos.references, added);
    else this.header.add(added);
    this.infos.references = added;
  }

  message(type: number): Buffer | undefined {
    return this.header.entries.find((item) => item.type === type)?.encode();
  }

  private touch(changed: Entry | undefined): void {
    const chunk = changed && this.header.chunks.find(({ entries }) => entries.includes(changed));
    if (chunk) chunk.dirty = true;
  }

  private attributeOrder(): number {
    if (this.attributes.size >= ATTRIBUTE_ORDERS - 1) {
      throw new LimitError(`HDF5 objects hold at most ${ATTRIBUTE_ORDERS} attributes.`);
    }
    let order = this.nextAttribute;
    if (order >= ATTRIBUTE_ORDERS) {
      const used = new Set([...this.attributes.values()].map((item) => item.order));
      for (order = 0; used.has(order); ) order++;
    }
    this.nextAttribute = Math.max(this.nextAttribute, order + 1);
    if (this.nextAttribute > this.attributeLead) {
      this.attributeLead = Math.min(ATTRIBUTE_ORDERS, this.nextAttribute + 1024);
      this.touch(this.infos.attribute);
    }
    return order;
  }

  private take(item: Entry): void {
    switch (item.type) {
      case MESSAGE.attribute:
        this.attributes.set(parseAttribute(item.encode()).name, item);
        this.nextAttribute = Math.max(this.nextAttribute, item.order + 1);
        return;
      case MESSAGE.link:
        this.takeLink(item);
        return;
      case MESSAGE.attributeInfo:
        if (item.length !== 28 || parseAttributeInfo(item.encode()).heap !== undefined) return;
        this.attributeLead = parseAttributeInfo(item.encode()).nextOrder;
        this.infos.attribute = this.exchange(item, () => encodeAttributeInfo(this.attributeLead));
        return;
      case MESSAGE.linkInfo:
        if (item.length !== 34 || parseLinkInfo(item.encode()).heap !== undefined) return;
        this.linkLead = parseLinkInfo(item.encode()).nextOrder;
        this.infos.link = this.exchange(item, () => encodeLinkInfo(this.linkLead));
        return;
      case MESSAGE.referenceCount:
        this.references = parseReferenceCount(item.encode());
        this.infos.references = item;
        return;
      default:
    }
  }

  private takeLink(item: Entry): void {
    const { name, order, link } = parseLink(item.encode());
    if (!link) return;
    const taken = new LinkEntry(name, order ?? 0, link);
    this.links.set(name, taken);
    this.nextLink = Math.max(this.nextLink, (order ?? 0) + 1);
    this.exchangeFor(item, taken);
  }

  private exchange(old: Entry, encode: () => Buffer): Entry {
    const fresh = this.lazy(old.type, old.length, encode);
    this.exchangeFor(old, fresh);
    return fresh;
  }

  private exchangeFor(old: Entry, fresh: Entry): void {
    for (const chunk of this.header.chunks) {
      const index = chunk.entries.indexOf(old);
      if (index >= 0) chunk.entries[index] = fresh;
    }
  }

  private lazy(type: number, length: number, encode: () => Buffer): Entry {
    return { type, flags: 0, order: 0, length, encode };
  }
}

export function constant(type: number, body: Buffer): Entry {
  return entry(type, body, CONSTANT);
}

function kindOf(entries: readonly Entry[]): "group" | "dataset" | "other" {
  const types = new Set(entries.map(({ type }) => type));
  if (types.has(MESSAGE.linkInfo) || types.has(MESSAGE.link) || types.has(MESSAGE.symbolTable))
    return "group";
  return types.has(MESSAGE.layout) ? "dataset" : "other";
}
