import type { Bookkeeping } from "./bookkeeping.js";
import type { DataWrites } from "./data-writes.js";
import type { DataFile } from "./file.js";
import type { GrowingFile } from "./growing.js";
import type { Header } from "./header.js";
import type { HeapWriter } from "./heap.js";
import type { Objects } from "./objects.js";
import type { Block, Storage, StorageWrites } from "./storage.js";
import type { Write } from "./write-lane.js";
import type { Zones } from "./zones.js";

export interface CommitParts {
  readonly file: DataFile;
  readonly allocator: Zones;
  readonly writes: DataWrites;
  readonly heap: HeapWriter;
  readonly objects: Objects;
  readonly bookkeeping: Bookkeeping;
  /** Growing datasets with rows that are not committed. */
  readonly growing: Set<GrowingFile>;
  /** Blocks that nothing will refer to after the commit. */
  readonly dropped: Block[];
  /** Storage of growing datasets that were removed. */
  readonly removed: Set<Storage>;
}

type HeaderWrites = ReturnType<Header["writes"]>;

/** Small writes done at the same time. */
const PARALLEL = 8;

/**
 * Makes everything changed so far visible, in this order: data; new structures, which nothing refers to yet; changes of
 * chunk indices; then one-page rewrites of object headers, each of which publishes something complete, those of groups
 * last: what is new there, such as an entry's `end_time`, may tell readers that the data are all there. A process killed
 * in between leaves a file with some of the changes, each whole. `durable` adds a flush of the disk before and after
 * publishing. When it fails (disk full) everything is kept and the next commit does it again.
 */
export async function commit(parts: CommitParts, durable: boolean): Promise<void> {
  const { file, allocator, writes, heap, objects } = parts;
  if (objects.changed.size > 0 || parts.growing.size > 0) {
    await file.cover(allocator.end, allocator.used);
    allocator.sparse = file.sparse;
    await parts.bookkeeping.follow(objects.root.header);
  }
  const growing = [...parts.growing];
  for (const dataset of growing) {
    dataset.snapshot();
    objects.changed.add(dataset.object);
  }
  parts.growing.clear();
  try {
    if (objects.changed.size === 0 && parts.dropped.length === 0 && !durable) return;
    heap.flush();
    await file.check();
    await writes.settle();
    for (const storage of parts.removed) {
      parts.dropped.push(...(await storage.blocks()));
      parts.removed.delete(storage);
    }
    const stored: StorageWrites[] = [];
    for (const dataset of growing) stored.push(await dataset.prepare());
    for (const { header } of objects.changed) header.place(allocator);
    const groups: HeaderWrites[] = [];
    const others: HeaderWrites[] = [];
    for (const { kind, header } of objects.changed)
      (kind === "group" ? groups : others).push(header.writes());
    await file.cover(allocator.end, allocator.used);
    await parts.bookkeeping.update(objects.root.header, allocator);
    const fresh = [...stored, ...others, ...groups].flatMap((writes) => writes.fresh);
    await inParallel(joined(fresh), ({ address, pieces }) => file.writeJoined(address, pieces));
    if (durable) await file.sync();
    parts.bookkeeping.publish(allocator);
    await Promise.all(stored.map(({ publish }) => inOrder(publish, file)));
    for (const headers of [others, groups]) {
      await inParallel(
        headers.flatMap(({ rewrites }) => rewrites),
        (write) => file.write(write),
      );
    }
    await inParallel(
      stored.flatMap(({ settle }) => settle),
      (write) => file.write(write),
    );
    const root = objects.root.header.address;
    if (root !== undefined && root !== file.superblock.root) await file.setRoot(root);
    if (durable) await file.sync();
  } catch (error) {
    for (const dataset of growing) parts.growing.add(dataset);
    throw error;
  }
  retire(parts, growing);
  if (writes.pending === 0) await file.quiet();
}

function retire({ allocator, objects, dropped }: CommitParts, growing: readonly GrowingFile[]): void {
  const blocks = [
    ...growing.flatMap((dataset) => dataset.committed()),
    ...[...objects.changed].flatMap(({ header }) => header.dropped.splice(0)),
    ...dropped.splice(0),
  ];
  objects.committed();
  for (const { address, size } of blocks) allocator.retire(address, size);
}

/** Writes that lie one behind the other as one, for fewer calls of the system. */
function joined(writes: readonly Write[]): { address: number; pieces: Buffer[] }[] {
  const runs: { address: number; pieces: Buffer[]; end: number }[] = [];
  for (const { address, bytes } of writes.toSorted((a, b) => a.address - b.address)) {
    const last = runs.at(-1);
    if (last?.end === address) {
      last.pieces.push(bytes);
      last.end += bytes.length;
    } else runs.push({ address, pieces: [bytes], end: address + bytes.length });
  }
  return runs;
}

async function inOrder(writes: readonly Write[], file: DataFile): Promise<void> {
  for (const write of writes) await file.write(write);
}

async function inParallel<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const lanes = Array.from({ length: Math.min(PARALLEL, items.length) }, async () => {
    for (const item of queue) await run(item);
  });
  await Promise.all(lanes);
}
