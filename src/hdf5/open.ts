import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Bookkeeping } from "./engine/bookkeeping.js";
import { DataWrites } from "./engine/data-writes.js";
import { DataFile } from "./engine/file.js";
import { findSuperblock } from "./engine/find-superblock.js";
import type { GrowingFile } from "./engine/growing.js";
import { HeapWriter } from "./engine/heap.js";
import { claim, claimNew } from "./engine/locks.js";
import { StoredObject } from "./engine/object.js";
import { Objects } from "./engine/objects.js";
import type { Storage } from "./engine/storage.js";
import { FileWriter } from "./engine/writer.js";
import { Zones } from "./engine/zones.js";
import { damagedError, FileExistsError, NotHdf5Error, UnsupportedFileError } from "./errors.js";
import { encodeNote, NOTE_OFFSET, NOTE_SIZE } from "./format/note.js";
import { encodeSuperblock, type Superblock } from "./format/superblock.js";
import type { Hdf5Writer, OpenOptions } from "./writer-api.js";

const QUARANTINE_MINUTES = 10;
/** Bytes. */
const SHORT_OF_ROOM = 2 ** 30;
/** Where the root group of our files lies: right behind the superblock. */
const ROOT = 48;

/**
 * Opens an HDF5 file for appending, or creates it. Any HDF5 reader may read the file while it is open here. Files of other
 * programs keep their content where it is.
 */
export async function openHdf5(path: string, options: OpenOptions = {}): Promise<Hdf5Writer> {
  options.signal?.throwIfAborted();
  const absolute = resolve(path);
  const minutes = options.quarantineMinutes ?? QUARANTINE_MINUTES;
  const writer = await openAt(absolute, options.mode ?? "append", minutes);
  if (!writer.recovered || !(await isShortOfRoom(absolute))) return writer;
  // What a killed writer has left in scratch space takes room, which may be what it died of: an orderly end cuts it off, but
  // a second later only, for readers. With room enough it may stay until the file is closed.
  await writer.close();
  return openAt(absolute, "append", minutes);
}

async function isShortOfRoom(path: string): Promise<boolean> {
  const room = await statfs(dirname(path)).catch(() => undefined);
  return room !== undefined && room.bavail * room.bsize < SHORT_OF_ROOM;
}

async function openAt(path: string, mode: "create" | "append", minutes: number): Promise<FileWriter> {
  const claimed = await openOrCreate(path, mode);
  try {
    const writer = await startWriting(path, claimed, minutes);
    await writer.recover();
    return writer;
  } catch (error) {
    claimed.release();
    await claimed.file.close();
    throw damagedError(error, path);
  }
}

/** An open file that no one else writes to; `release` gives it free for others of this process. */
interface Claimed {
  readonly file: DataFile;
  /** From there on the file holds zeros. */
  readonly touched: number;
  readonly release: () => void;
}

async function startWriting(
  absolute: string,
  { file, touched, release }: Claimed,
  minutes: number,
): Promise<FileWriter> {
  const read = (address: number, length: number): Promise<Buffer> => file.read(address, length);
  const writes = new DataWrites((address, pieces) => file.writeJoined(address, pieces));
  const bookkeeping = await Bookkeeping.read(file);
  const allocator = new Zones(bookkeeping.end, touched, minutes * 60_000, bookkeeping.formerScratch);
  for (const { address, size } of bookkeeping.free) allocator.discard(address, size);
  const heap = new HeapWriter(allocator, writes);
  const objects = await Objects.open(absolute, read, file.superblock.root, bookkeeping.hasNote);
  const parts = {
    file,
    allocator,
    writes,
    heap,
    objects,
    bookkeeping,
    growing: new Set<GrowingFile>(),
    dropped: [],
    removed: new Set<Storage>(),
  };
  return new FileWriter(parts, minutes > 0, release);
}

async function openOrCreate(path: string, mode: "create" | "append"): Promise<Claimed> {
  if (mode === "append") {
    const claimed = await openExisting(path);
    if (claimed) return claimed;
  }
  try {
    return await createFile(path);
  } catch (error) {
    const raced =
      mode === "append" && error instanceof FileExistsError ? await openExisting(path) : undefined;
    if (!raced) throw error;
    return raced;
  }
}

async function createFile(path: string): Promise<Claimed> {
  const root = StoredObject.group();
  const chunk = root.header.chunks[0];
  if (!chunk) throw new RangeError("a header without chunks");
  chunk.address = ROOT;
  const end = ROOT + chunk.size + NOTE_SIZE;
  const block: Superblock = {
    version: 2,
    flags: 0,
    base: 0,
    sizes: [8, 8],
    extension: undefined,
    driver: undefined,
    eof: end,
    root: ROOT,
  };
  const { fresh } = root.header.writes();
  const contentFor = (superblock: Superblock): Buffer => {
    const { eof } = superblock;
    const content = Buffer.alloc(end);
    const note = { eof, end, list: 0, entries: 0, scratchStart: 0, scratchEnd: 0 };
    content.set(encodeNote(note), ROOT + NOTE_OFFSET);
    content.set(encodeSuperblock(superblock).bytes, 0);
    for (const { address, bytes } of fresh) content.set(bytes, address);
    return content;
  };
  const file = await DataFile.create(path, contentFor, block);
  return { file, touched: end, release: claimNew(await file.stat()) };
}

/** Undefined when there is no such file. */
async function openExisting(path: string): Promise<Claimed | undefined> {
  const handle = await DataFile.open(path);
  if (!handle) return undefined;
  let release: (() => void) | undefined;
  try {
    release = await claim(path, await handle.stat({ bigint: true }));
    const { block, size } = await findSuperblock(path, handle);
    checkSuperblock(block, size, path);
    return { file: await DataFile.adopt(path, handle, block, size), touched: size, release };
  } catch (error) {
    release?.();
    await handle.close();
    throw error;
  }
}

const PLAIN_REPACK = '"h5repack -S FSM_AGGR -P 0 -T 1"';

function checkSuperblock(block: Superblock, size: number, path: string): void {
  const refuse = (why: string, remedy = "h5repack"): never => {
    throw new UnsupportedFileError(
      `${path} cannot be appended to: ${why}. Make a copy with ${remedy} and use that.`,
      { path },
    );
  };
  if (block.base !== 0) refuse("it has a user block");
  if (block.extension !== undefined)
    // Without these options h5repack keeps the strategy, and with it the extension.
    refuse("its superblock has an extension (file space strategy, shared messages)", PLAIN_REPACK);
  if (block.sizes[0] !== 8 || block.sizes[1] !== 8) refuse("its addresses or lengths are not 8 bytes");
  // The C library writes this version only where nodes of chunk indices are larger or smaller than ours.
  if (block.version === 1) refuse("its chunk indices have nodes of an unusual size (superblock version 1)");
  if (block.driver !== undefined) refuse("it is part of a multi-file set");
  if (block.version === 3 && block.flags !== 0) {
    refuse("it is marked as open for writing (a writer is at work, or was killed: then run h5clear -s)");
  }
  if (size < block.eof)
    throw new NotHdf5Error(
      `${path} is truncated: ${size} bytes of ${block.eof}. Move it away, or choose another name.`,
      { path },
    );
}
