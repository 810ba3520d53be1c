import { type BigIntStats, constants } from "node:fs";
import { type FileHandle, link, open, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { FileExistsError, systemCode, systemError } from "../errors.js";
import { encodeSuperblock, SUPERBLOCK_MAX, type Superblock } from "../format/superblock.js";
import { temporaryName } from "../temporary-names.js";
import { ChangeWatch } from "./change-watch.js";
import { readSuperblock } from "./find-superblock.js";
import { Headroom } from "./headroom.js";
import type { Write } from "./write-lane.js";

/** The stored EOF of a new file covers the beginning of its scratch space: readers that open it early see addresses there. */
const FIRST_EOF = 1.5 * 2 ** 30;

/**
 * The file itself: reading and writing at addresses, and the superblock with its headroom.
 *
 * Headroom: a reader takes the file's size first, then the superblock, then follows addresses; it fails when the size is
 * below the stored EOF, or an address above the stored EOF it saw. So the stored EOF leads what is written, the physical
 * size (sparse) leads the stored EOF, and each step of the stored EOF stays within an earlier physical size.
 */
export class DataFile {
  readonly path: string;
  private readonly handle: FileHandle;
  private block: Superblock;
  private physical: number;
  /** The end of what was written or is being written; the file is that long before it is lengthened on purpose. */
  private written = 0;
  /** Resolves when the file has its new size. */
  private resizing: Promise<void> | undefined;
  private readonly headroom: Headroom;
  private extending: Promise<void> = Promise.resolve();
  private readonly watch: ChangeWatch;
  /** True once something has been written since the file was opened. */
  wrote: boolean;

  private constructor(path: string, handle: FileHandle, block: Superblock, physical: number, used: number) {
    this.path = path;
    this.handle = handle;
    this.block = block;
    this.physical = physical;
    this.headroom = new Headroom(used);
    this.watch = new ChangeWatch(path, handle);
    this.wrote = false;
  }

  /**
   * Creates a file with its first bytes (superblock and root group, as `contentFor` a superblock), which appears under its name
   * complete: a reader never sees an empty file. Refused when the path is taken.
   */
  static async create(
    path: string,
    contentFor: (block: Superblock) => Buffer,
    first: Superblock,
  ): Promise<DataFile> {
    const temporary = join(dirname(path), temporaryName(path));
    let handle: FileHandle | undefined;
    try {
      handle = await open(temporary, "wx+");
      const file = new DataFile(path, handle, first, 0, 0);
      // While no reader can hold a smaller size; the first time shows how large the headroom can be.
      for (let i = 0; i < 2; i++) await file.lengthen(first.eof + file.headroom.bytes);
      if (file.sparse) {
        file.block = { ...first, eof: FIRST_EOF };
        await file.lengthen(FIRST_EOF + file.headroom.bytes);
      }
      const content = contentFor(file.block);
      await handle.write(content, 0, content.length, 0);
      await publish(temporary, path);
      await file.quiet();
      file.wrote = true; // its size is not exact
      return file;
    } catch (error) {
      await handle?.close();
      if (systemCode(error) === "EEXIST") {
        throw new FileExistsError(
          `${path} exists already: open it with mode "append", or choose another name.`,
          {
            path,
            cause: error,
          },
        );
      }
      throw systemError(error, "creating", path);
    } finally {
      await unlink(temporary).catch(() => undefined);
    }
  }

  /** Opens an existing file for reading and writing; `undefined`: there is none. */
  static async open(path: string): Promise<FileHandle | undefined> {
    try {
      if ((await stat(path)).isDirectory()) throw Object.assign(new Error("is a folder"), { code: "EISDIR" });
      return await open(path, constants.O_RDWR);
    } catch (error) {
      if (systemCode(error) === "ENOENT") return undefined;
      throw systemError(error, "opening", path);
    }
  }

  static async adopt(path: string, handle: FileHandle, block: Superblock, size: number): Promise<DataFile> {
    const file = new DataFile(path, handle, block, size, block.eof);
    await file.quiet();
    return file;
  }

  get superblock(): Superblock {
    return this.block;
  }

  /** Bytes at an address; fewer at the end of the file, whatever a damaged structure says of its length. */
  async read(address: number, length: number): Promise<Buffer> {
    try {
      const there = Math.max(this.physical, this.written) - address;
      const buffer = Buffer.allocUnsafe(Math.min(length, Math.max(0, there)));
      let done = 0;
      while (done < buffer.length) {
        const { bytesRead } = await this.handle.read(buffer, done, buffer.length - done, address + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return buffer.subarray(0, done);
    } catch (error) {
      throw systemError(error, "reading", this.path);
    }
  }

  /** All of the bytes, or a typed error. A write within a page is one system call. */
  async write({ address, bytes }: Write): Promise<void> {
    await this.writeJoined(address, [bytes]);
  }

  /** Pieces that lie one behind the other from an address on. */
  async writeJoined(address: number, pieces: readonly Buffer[]): Promise<void> {
    await this.watch.beforeWriting();
    await this.resizing?.catch(() => undefined);
    this.wrote = true;
    try {
      let at = address;
      let rest = behind(pieces, 0);
      this.written = Math.max(
        this.written,
        rest.reduce((end, { length }) => end + length, at),
      );
      while (rest.length > 0) {
        const { bytesWritten } = await this.handle.writev(rest, at);
        at += bytesWritten;
        rest = behind(rest, bytesWritten);
      }
    } catch (error) {
      throw systemError(error, "writing", this.path);
    }
  }

  /** False when lengthening the file takes room on the disk. */
  get sparse(): boolean {
    return this.headroom.sparse;
  }

  /**
   * Makes all addresses below `end` valid for readers, with headroom for what follows; `used`: bytes in use so far, for
   * judging the speed.
   */
  async cover(end: number, used: number): Promise<void> {
    const previous = this.extending;
    this.extending = previous.catch(() => undefined).then(() => this.extendTo(end, used));
    await this.extending;
  }

  /** Points the superblock at another root header. */
  async setRoot(root: number): Promise<void> {
    await this.writeSuperblock({ ...this.block, root });
  }

  async sync(): Promise<void> {
    try {
      await this.handle.datasync();
    } catch (error) {
      throw systemError(error, "flushing", this.path);
    }
  }

  /** Gives the file its exact size, for the clean end. */
  async trim(end: number): Promise<void> {
    if (this.block.eof === end && this.physical === end) return;
    await this.watch.beforeWriting();
    if (this.physical < end) await this.truncate(end);
    await this.writeSuperblock({ ...this.block, eof: end });
    if (this.physical > end) await this.truncate(end);
  }

  async stat(): Promise<BigIntStats> {
    return await this.handle.stat({ bigint: true });
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  /** Notes what the file looks like now that nothing is being written. */
  async quiet(): Promise<void> {
    await this.watch.quiet(this.wrote);
  }

  /** Before each commit: still the same file, not truncated, superblock as we wrote it? */
  async check(): Promise<void> {
    await this.watch.beforeWriting();
    const [now, head] = await Promise.all([this.handle.stat(), this.read(0, SUPERBLOCK_MAX)]);
    if (now.nlink === 0) throw this.watch.changed("it was deleted or replaced");
    if (now.size < this.physical) throw this.watch.changed(`it was truncated to ${now.size} bytes`);
    const { eof, root } = readSuperblock(head) ?? {};
    if (eof !== this.block.eof || root !== this.block.root)
      throw this.watch.changed("its superblock was rewritten");
  }

  private async extendTo(end: number, used: number): Promise<void> {
    if (end + this.headroom.bytes / 2 <= this.block.eof) return;
    await this.watch.beforeWriting();
    this.headroom.follow(used);
    const behind = end + this.headroom.bytes / 2 > this.physical;
    if (behind) {
      await this.lengthen(end + this.headroom.bytes);
      await delay(20); // a reader may hold the old size already and be about to read the superblock
    }
    const eof = behind ? end + this.headroom.bytes : this.physical;
    await this.lengthen(eof + this.headroom.bytes);
    await this.writeSuperblock({ ...this.block, eof });
  }

  /** Makes the file longer without using room, and the headroom larger; where that takes room, it shrinks. */
  private async lengthen(size: number): Promise<void> {
    if (size <= this.physical) return;
    const before = await this.handle.stat();
    const added = size - this.physical;
    // Data are written ahead of what is covered: they stay.
    await this.truncate(Math.max(size, this.written));
    const after = await this.handle.stat();
    this.headroom.tried((after.blocks - before.blocks) * 512 >= added / 2);
  }

  private async truncate(size: number): Promise<void> {
    try {
      this.resizing = this.handle.truncate(size);
      await this.resizing;
      this.physical = size;
    } catch (error) {
      throw systemError(error, "resizing", this.path);
    } finally {
      this.resizing = undefined;
    }
  }

  private async writeSuperblock(block: Superblock): Promise<void> {
    const { at, bytes } = encodeSuperblock(block);
    await this.write({ address: at, bytes });
    this.block = block;
  }
}

/** What is left of pieces without their first `count` bytes. */
function behind(pieces: readonly Buffer[], count: number): Buffer[] {
  const rest: Buffer[] = [];
  let skip = count;
  for (const piece of pieces) {
    if (piece.length > skip) rest.push(piece.subarray(skip));
    skip = Math.max(0, skip - piece.length);
  }
  return rest;
}

/** Gives a finished file its name; on file systems without hard links by renaming, which then may replace a file. */
async function publish(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST" || code === "ENOENT") throw error;
    const handle = await open(path, "wx");
    await handle.close();
    await rename(temporary, path);
  }
}
