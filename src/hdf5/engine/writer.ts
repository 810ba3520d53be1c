import { InvalidArgumentError } from "../../errors.js";
import type { RawArray } from "../../ndarray/raw.js";
import { ItemMissingError } from "../errors.js";
import type { Link } from "../format/link.js";
import type {
  AttributeList,
  DatasetOptions,
  ExternalDataset,
  GrowingDataset,
  GrowingType,
  Hdf5Writer,
  ItemKind,
  StoredLink,
  VirtualDataset,
} from "../writer-api.js";
import {
  addContiguous,
  attributeBody,
  checkAttributes,
  fillBytes,
  newDataset,
  storableAttributes,
} from "./create-object.js";
import { checkElements, encodeElements } from "./elements.js";
import { addExternalFiles, checkExternal } from "./external.js";
import type { GrowingFile } from "./growing.js";
import { growingSpec } from "./growing-spec.js";
import { StoredObject } from "./object.js";
import { splitPath } from "./paths.js";
import { Places } from "./places.js";
import { readAttribute } from "./read-values.js";
import { Session } from "./session.js";
import { addVirtual, checkVirtual } from "./virtual.js";

/** The writer of one open file. Calls run one after the other in the order they are made; appends to datasets run beside. */
export class FileWriter extends Session implements Hdf5Writer {
  private readonly places = new Places(this.parts, (object) => this.forget(object));

  async kindOf(path: string): Promise<ItemKind | undefined> {
    return await this.exclusive(async () => {
      const elements = splitPath(path);
      if (this.places.isVacated(elements)) return undefined;
      const link = await this.places.linkAt(elements);
      if (link?.kind === "soft") return "soft_link";
      if (link?.kind === "external") return "external_link";
      return (await this.parts.objects.find(elements, false))?.object.kind;
    });
  }

  async list(path: string): Promise<string[]> {
    return await this.exclusive(async () => {
      const { object } = await this.parts.objects.group(splitPath(path));
      return [...object.links.values()].sort((a, b) => a.order - b.order).map(({ name }) => name);
    });
  }

  async linkAt(path: string): Promise<StoredLink | undefined> {
    return await this.exclusive(async () => {
      const link = await this.places.linkAt(splitPath(path));
      if (link?.kind === "soft") return { kind: "soft_link", target: link.target };
      return link?.kind === "external"
        ? { kind: "external_link", file: link.file, path: link.path }
        : undefined;
    });
  }

  async attributeNames(path: string): Promise<string[]> {
    return await this.exclusive(async () => {
      const { object } = await this.parts.objects.object(splitPath(path));
      return [...object.attributes].sort((a, b) => a[1].order - b[1].order).map(([name]) => name);
    });
  }

  async attribute(path: string, name: string): Promise<RawArray | undefined> {
    return await this.exclusive(async () => {
      const { object } = await this.parts.objects.object(splitPath(path));
      const found = object.attributes.get(name);
      this.parts.heap.flush();
      await this.parts.writes.settle();
      return found && (await readAttribute(found.encode(), this.host.read));
    });
  }

  storable(
    path: string,
    attributes: AttributeList,
  ): { readonly storable: AttributeList; readonly refused: readonly string[] } {
    return storableAttributes(attributes, path);
  }

  async createGroup(path: string, attributes?: AttributeList): Promise<void> {
    checkAttributes(attributes, path);
    await this.create(path, () => {
      const group = StoredObject.group();
      for (const [name, value] of attributes ?? [])
        group.setAttribute(name, this.attributeBody(name, value, path));
      return group;
    });
  }

  async setAttributes(path: string, attributes: AttributeList): Promise<void> {
    checkAttributes(attributes, path);
    await this.exclusive(async () => {
      const located = await this.parts.objects.object(splitPath(path));
      this.parts.objects.change(located);
      for (const [name, value] of attributes) {
        located.object.setAttribute(name, this.attributeBody(name, value, path));
      }
    });
  }

  async deleteAttribute(path: string, name: string): Promise<void> {
    await this.exclusive(async () => {
      const located = await this.parts.objects.object(splitPath(path));
      if (!located.object.attributes.has(name)) {
        throw new ItemMissingError(`${this.path}: ${path} has no attribute "${name}".`, { path });
      }
      this.parts.objects.change(located);
      located.object.deleteAttribute(name);
    });
  }

  async createDataset(path: string, value: RawArray, options: DatasetOptions = {}): Promise<void> {
    checkElements(value, path);
    checkAttributes(options.attributes, path);
    if (value.shape && value.shape.length > 0 && isChunked(options)) {
      await this.createChunked(path, value, value.shape, options);
      return;
    }
    const fill = fillBytes(options.fill, value.dtype, path);
    await this.create(path, () => {
      const bytes = encodeElements(value, (text) => this.host.putText(text), path);
      const object = newDataset(value.dtype, options.attributes, (text) => this.host.putText(text), path);
      const address = bytes.length > 0 ? this.parts.allocator.allocate(bytes.length) : undefined;
      addContiguous(object, value.shape, fill, address, bytes.length);
      if (address !== undefined) void this.parts.writes.submit({ address, bytes: Buffer.from(bytes) });
      return object;
    });
    await this.parts.writes.room();
  }

  async createGrowing(
    path: string,
    type: GrowingType,
    options: DatasetOptions = {},
  ): Promise<GrowingDataset> {
    checkAttributes(options.attributes, path);
    const { dtype, rowShape } = type;
    const spec = growingSpec(path, dtype, rowShape, options.maxshape ?? [null, ...rowShape], options);
    const created: GrowingFile[] = [];
    await this.create(path, () => {
      const object = newDataset(dtype, options.attributes, (text) => this.host.putText(text), path);
      created.push(this.grow(object, spec, {}));
      return object;
    });
    const [dataset] = created;
    if (!dataset) throw new RangeError("a dataset that was not created");
    return dataset;
  }

  async openGrowing(path: string, options: DatasetOptions = {}): Promise<GrowingDataset> {
    return await this.exclusive(async () => {
      const found = await this.parts.objects.object(splitPath(path));
      const known = this.open.get(found.object);
      if (known?.isOpen) return known;
      // Until the commit after its end nothing but its memory says where its rows are.
      if (known) await this.commitNow(false);
      return await this.resume(found, path, options);
    });
  }

  async createVirtual(
    path: string,
    dataset: VirtualDataset,
    options: { attributes?: AttributeList } = {},
  ): Promise<void> {
    checkAttributes(options.attributes, path);
    checkVirtual(dataset, path);
    const fill = fillBytes(dataset.fill, dataset.dtype, path);
    await this.create(path, () => {
      const object = newDataset(dataset.dtype, options.attributes, (text) => this.host.putText(text), path);
      addVirtual(object, dataset, fill, this.parts.heap);
      return object;
    });
  }

  async createExternal(
    path: string,
    dataset: ExternalDataset,
    options: { attributes?: AttributeList } = {},
  ): Promise<void> {
    checkAttributes(options.attributes, path);
    checkExternal(dataset, path);
    await this.create(path, () => {
      const object = newDataset(dataset.dtype, options.attributes, (text) => this.host.putText(text), path);
      addExternalFiles(object, dataset, this.host);
      return object;
    });
  }

  async createSoftLink(path: string, target: string): Promise<void> {
    requireText(target, "A soft link's target", path);
    await this.createLink(path, { kind: "soft", target });
  }

  async createExternalLink(path: string, file: string, target: string): Promise<void> {
    requireText(file, "An external link's file", path);
    requireText(target, "An external link's target", path);
    await this.createLink(path, { kind: "external", file, path: target });
  }

  async createHardLink(path: string, target: string): Promise<void> {
    await this.exclusive(async () => {
      const located = await this.parts.objects.object(splitPath(target));
      const place = await this.places.find(path);
      this.parts.objects.change(located);
      located.object.setReferences(located.object.references + 1);
      await this.places.fill(place, { kind: "hard", address: located.object.address ?? 0 }, located.object);
    });
  }

  async remove(path: string): Promise<void> {
    await this.exclusive(() => this.places.clear(path));
  }

  async replace(path: string): Promise<void> {
    await this.exclusive(() => this.places.vacate(path));
  }

  private attributeBody(name: string, value: RawArray, path: string): Buffer {
    return attributeBody(name, value, (text) => this.host.putText(text), path);
  }

  /** Makes an object and links it; nothing is changed when the place is taken. */
  private async create(path: string, build: () => StoredObject): Promise<void> {
    await this.exclusive(async () => {
      const place = await this.places.find(path);
      const object = build();
      this.parts.objects.changed.add(object);
      await this.places.fill(place, { kind: "hard", address: 0 }, object);
    });
  }

  private async createLink(path: string, link: Link): Promise<void> {
    await this.exclusive(async () => {
      await this.places.fill(await this.places.find(path), link);
    });
  }

  /** A static dataset in chunks: written like a growing one that ends at once. */
  private async createChunked(
    path: string,
    value: RawArray,
    shape: readonly number[],
    options: DatasetOptions,
  ): Promise<void> {
    checkAttributes(options.attributes, path);
    const { dtype } = value;
    const [rows = 0, ...rowShape] = shape;
    const chunked = { ...options, contiguousBelow: 0 };
    const spec = growingSpec(path, dtype, rowShape, options.maxshape ?? shape, chunked);
    await this.create(path, () => {
      const bytes = encodeElements(value, (text) => this.host.putText(text), path);
      const object = newDataset(dtype, options.attributes, (text) => this.host.putText(text), path);
      const dataset = this.grow(object, spec, bytes.length === 0 ? { rows } : {});
      if (bytes.length > 0) dataset.take(bytes);
      dataset.end();
      return object;
    });
    await this.parts.writes.room();
  }
}

function isChunked({ chunks, gzip, shuffle, maxshape }: DatasetOptions): boolean {
  return chunks !== undefined || gzip !== undefined || shuffle === true || maxshape !== undefined;
}

function requireText(text: string, what: string, path: string): void {
  if (text === "" || text.includes("\0") || Buffer.byteLength(text) > 30000) {
    throw new InvalidArgumentError(`${path}: ${what} must be a text without NUL of 1 to 30000 bytes.`, {
      path,
    });
  }
}
