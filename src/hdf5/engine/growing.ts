import { ClosedError, InvalidArgumentError } from "../../errors.js";
import { type DType, sizeOfShape } from "../../ndarray/dtype.js";
import { encodeDataspace } from "../format/dataspace.js";
import { hasText } from "../format/datatype.js";
import { encodeLayout } from "../format/layout.js";
import { encodeFill, encodePipeline, MESSAGE } from "../format/messages.js";
import { MESSAGE_OVERHEAD, NEXT_OVERHEAD } from "../format/object-header.js";
import type { GrowingDataset } from "../writer-api.js";
import { checkChunks, chooseChunks } from "./chunk-shape.js";
import { ChunkedStorage } from "./chunked.js";
import { checkExtension, encodeRows, type GrowingSpec, hasSmallRows } from "./growing-spec.js";
import { type Entry, entry, type HeaderChunk, VOLATILE } from "./header-chunk.js";
import { constant, type StoredObject } from "./object.js";
import { RegionStorage } from "./region.js";
import type { Block, Space, Storage, StorageWrites, Stored } from "./storage.js";
import { widenRows } from "./tiles.js";

/** What a growing dataset needs of the file it lies in. */
export interface Host extends Space {
  putText(text: string): Buffer;
  /** The dataset has something for the next commit. */
  changed(dataset: GrowingFile): void;
  /** The dataset takes no more rows. */
  closed(dataset: GrowingFile): void;
  exclusive<T>(action: () => Promise<T>): Promise<T>;
}

/**
 * A growing dataset. It begins as one block (RegionStorage) and moves to chunks when it gets large. Its dataspace, layout, fill
 * value and filters lie together in a header chunk of their own, so that one small write shows readers the new length
 * and where the rows are, both or neither.
 */
export class GrowingFile implements GrowingDataset {
  readonly object: StoredObject;
  private readonly host: Host;
  private readonly spec: GrowingSpec;
  private rowAxes: readonly number[];
  private readonly volatile: HeaderChunk;
  /** Given up when the dataset is finished, with the rows it keeps in memory. */
  private storage: Storage | undefined;
  private rows = 0;
  private snapshotRows = 0;
  /** What the last snapshot was made of: rows appended since may have moved to another kind. */
  private snapshotStorage: Storage | undefined;
  private snapshotFinished: boolean;
  private snapshotAxes: readonly number[];
  private state: "open" | "finished" | "closed" = "open";
  /** Blocks of storage given up for another kind since the last snapshot, and before it: these are free after the commit. */
  private former: Block[] = [];
  private leaving: Block[] = [];

  constructor(
    host: Host,
    object: StoredObject,
    spec: GrowingSpec,
    resumed: { storage?: Storage; rows?: number } = {},
  ) {
    this.host = host;
    this.object = object;
    this.spec = spec;
    this.rowAxes = spec.rowShape;
    this.snapshotAxes = spec.rowShape;
    this.snapshotFinished = false;
    object.pinned = true;
    this.storage = resumed.storage ?? this.firstStorage();
    this.rows = resumed.rows ?? 0;
    this.snapshotRows = this.rows;
    this.volatile = this.ownChunk();
  }

  get path(): string {
    return this.spec.path;
  }

  get length(): number {
    return this.rows;
  }

  get dtype(): DType {
    return this.spec.dtype;
  }

  get rowShape(): readonly number[] {
    return this.rowAxes;
  }

  async append(rows: Uint8Array | readonly string[], options: { signal?: AbortSignal } = {}): Promise<void> {
    this.requireOpen();
    options.signal?.throwIfAborted();
    if (!this.host.writes.hasRoom) {
      await this.host.writes.room(options.signal);
      this.requireOpen();
    }
    this.take(encodeRows(rows, this.spec, this.putText));
  }

  /** Takes encoded rows; waits for nothing. */
  take(bytes: Buffer): void {
    const { path } = this;
    const rowBytes = sizeOfShape(this.rowAxes) * this.spec.itemsize;
    if (rowBytes === 0) {
      throw new InvalidArgumentError(
        `${path}: rows of shape [${this.rowAxes}] hold nothing; extend them first.`,
        { path },
      );
    }
    if (bytes.length % rowBytes !== 0) {
      throw new InvalidArgumentError(
        `${path}: ${bytes.length} bytes are not whole rows of ${rowBytes} bytes (shape [${this.rowAxes}]).`,
        { path },
      );
    }
    if (bytes.length === 0) return;
    this.rows += bytes.length / rowBytes;
    this.storage?.append(bytes);
    const large = this.storage instanceof RegionStorage && this.storage.length >= this.spec.contiguousBelow;
    if (large) this.moveToChunks();
    this.host.changed(this);
  }

  async extendRows(rowShape: readonly number[]): Promise<void> {
    this.requireOpen();
    checkExtension(this.spec, this.rowAxes, rowShape);
    const { itemsize, fill } = this.spec;
    const wider = (rows: Buffer): Buffer => widenRows(rows, this.rowAxes, rowShape, itemsize, fill);
    if (this.storage instanceof RegionStorage) {
      this.storage.reset(wider(this.storage.rows.view()));
    } else if (this.storage instanceof ChunkedStorage) {
      this.storage.extendRows(rowShape, wider(this.storage.tailRows));
    }
    this.rowAxes = [...rowShape];
    this.host.changed(this);
  }

  async finish(): Promise<void> {
    await this.host.exclusive(async () => this.end());
  }

  /** `finish`, from within another call. */
  end(): void {
    if (this.state !== "open") return;
    this.state = "finished";
    this.snapshot(); // what is still in memory is on its way while others are finished
    this.host.changed(this);
  }

  get isOpen(): boolean {
    return this.state === "open";
  }

  /** The dataset is finished and in the file, or its file is closed. */
  close(): void {
    this.state = "closed";
    this.object.pinned = false;
    this.storage?.close();
    this.storage = undefined;
    this.snapshotStorage = undefined;
    this.host.closed(this);
  }

  /** The dataset is gone: its storage, and blocks that only readers of the former state still need. */
  giveUp(): { readonly storage: Storage | undefined; readonly former: readonly Block[] } {
    const { storage } = this;
    const former = [...this.leaving, ...this.former];
    this.close();
    return { storage, former };
  }

  /** Step 1 of a commit, without waiting: everything appended so far goes on its way. */
  snapshot(): void {
    this.storage?.snapshot(this.state === "finished");
    this.snapshotStorage = this.storage;
    this.leaving.push(...this.former.splice(0));
    this.snapshotRows = this.rows;
    this.snapshotAxes = this.rowAxes;
    this.snapshotFinished = this.state === "finished";
  }

  /** Step 2, when the data are in the file: the structures that lead to them. The header is up to date after this. */
  async prepare(): Promise<StorageWrites> {
    if (!this.snapshotStorage) throw new RangeError(`${this.path} is closed`);
    const writes = await this.snapshotStorage.prepare();
    this.volatile.entries.splice(0, this.volatile.entries.length, ...this.messages(writes));
    this.volatile.dirty = true;
    return writes;
  }

  /** Step 3: readers see it. Gives the blocks that only readers of the former state still need. */
  committed(): Block[] {
    const blocks = [...this.leaving.splice(0), ...(this.snapshotStorage?.committed() ?? [])];
    if (this.snapshotFinished) this.close();
    return blocks;
  }

  private firstStorage(): Storage {
    const { contiguousBelow } = this.spec;
    if (contiguousBelow <= 0) return this.chunkedStorage();
    return new RegionStorage(this.host, contiguousBelow, hasSmallRows(this.spec));
  }

  private chunkedStorage(): ChunkedStorage {
    const { itemsize, filters, fill, maxshape, path } = this.spec;
    const chunks = this.spec.chunks ?? chooseChunks(this.rowAxes, itemsize);
    const checked = checkChunks(chunks, [0, ...this.rowAxes], maxshape, itemsize, path);
    return new ChunkedStorage(this.host, {
      itemsize,
      rowShape: this.rowAxes,
      chunks: checked,
      filters,
      fill,
      hasText: hasText(this.spec.dtype),
    });
  }

  private moveToChunks(): void {
    const region = this.storage;
    if (!(region instanceof RegionStorage)) return;
    const chunked = this.chunkedStorage();
    chunked.append(region.rows.view());
    region.close();
    this.former.push(...region.leave());
    this.storage = chunked;
  }

  private readonly putText = (text: string): Buffer => this.host.putText(text);

  private requireOpen(): void {
    if (this.state !== "open") {
      throw new ClosedError(`${this.path} takes no more rows: it is ${this.state}.`, { path: this.path });
    }
  }

  /** Dataspace, fill value, filters and layout of the last snapshot. */
  private messages({ layout, filters }: Stored): Entry[] {
    const chunked = layout.kind === "chunked";
    const shape = [this.snapshotRows, ...this.snapshotAxes];
    const space = chunked ? { shape, maxshape: this.spec.maxshape } : { shape };
    const entries = [
      entry(MESSAGE.dataspace, encodeDataspace(space)),
      constant(MESSAGE.fill, encodeFill(chunked ? "incremental" : "late", this.spec.fill)),
    ];
    if (filters.length > 0) entries.push(constant(MESSAGE.pipeline, encodePipeline(filters)));
    return [...entries, entry(MESSAGE.layout, encodeLayout(layout))];
  }

  /** A header chunk of its own, large enough for chunks and filters whatever the dataset is now. */
  private ownChunk(): HeaderChunk {
    const { header } = this.object;
    const [size, messages] = [this.volatileSize(), this.largestMessages()];
    const chunk = header.chunks.find(({ isVolatile }) => isVolatile);
    if (chunk) return chunk.size >= size ? chunk : header.exchangeClosed(chunk, messages, size);
    for (const old of header.entries) if (VOLATILE.has(old.type)) header.remove(old);
    return header.addClosed(messages, size);
  }

  private volatileSize(): number {
    const need = this.largestMessages().reduce(
      (sum, { length }) => sum + MESSAGE_OVERHEAD + length,
      NEXT_OVERHEAD,
    );
    let size = 64;
    while (size < need) size *= 2;
    return size;
  }

  private largestMessages(): Entry[] {
    const chunks = [1, ...this.rowAxes];
    return this.messages({
      layout: { kind: "chunked", index: undefined, chunks, itemsize: this.spec.itemsize },
      filters: this.spec.filters,
    });
  }
}
