import {
  type Extent,
  encodeExtents,
  encodeNote,
  NOTE_OFFSET,
  NOTE_SIZE,
  type Note,
  parseExtents,
  parseNote,
} from "../format/note.js";
import type { DataFile } from "./file.js";
import type { Header } from "./header.js";
import type { Zones } from "./zones.js";

/** How far the noted end runs ahead of what is in use, so that the note is seldom rewritten. */
const LEAD = 2 ** 20;
/** Free extents worth remembering after close: so many of the largest, and only when they amount to something. */
const LISTED = 1000;
const WORTHWHILE = 4096;

/** Reads and writes the note on the file's use: where to go on after a crash, and what is free after a clean close. */
export class Bookkeeping {
  /** False when the root group was written by others: what lies behind it is not ours, until it is written anew. */
  readonly hasNote: boolean;
  /** First address not in use, as far as known. */
  readonly end: number;
  /** Space inside that may be used. */
  readonly free: readonly Extent[];
  private readonly file: DataFile;
  /** The note, when it goes with the stored end of the file. */
  private noted: Note | undefined;
  /** Nothing that was published lies behind this. */
  private needed: number;

  private constructor(file: DataFile, note: Note | undefined, free: readonly Extent[]) {
    const { eof } = file.superblock;
    this.file = file;
    this.noted = note?.eof === eof && note.end <= eof ? note : undefined;
    this.hasNote = note !== undefined;
    this.end = this.noted?.end ?? eof;
    this.needed = this.end;
    this.free = this.noted ? free : [];
  }

  /** What the note of the file says; a file without a valid one is in use up to its stored EOF. */
  static async read(file: DataFile): Promise<Bookkeeping> {
    const { eof, root } = file.superblock;
    const note = parseNote(await file.read(root + NOTE_OFFSET, NOTE_SIZE));
    if (!note || note.eof !== eof || note.entries === 0) return new Bookkeeping(file, note, []);
    const free = parseExtents(await file.read(note.list, 16 * note.entries), note.entries);
    const sound = free.every(({ address, size }) => address > 0 && address + size <= eof);
    return new Bookkeeping(file, note, sound ? free : []);
  }

  /** Scratch space of a writer that was killed, to which datasets may still refer. */
  get formerScratch(): { readonly start: number; readonly end: number } | undefined {
    const { noted } = this;
    if (!noted || noted.scratchEnd === 0) return undefined;
    return { start: noted.scratchStart, end: noted.scratchEnd };
  }

  /** After the stored end has moved: what the note says still holds, also if data find no room now, or the writer is killed. */
  async follow(root: Header): Promise<void> {
    const { eof } = this.file.superblock;
    if (this.noted && this.noted.eof !== eof) await this.write(root, { ...this.noted, eof });
  }

  /** From now on what lies in this space is published. */
  publish(zones: Zones): void {
    this.needed = zones.keptEnd;
  }

  /** Nothing more is published, and the file is let go of: space that was used for nothing is for the next writer. */
  async giveUp(root: Header): Promise<void> {
    const { noted, needed } = this;
    if (noted && noted.entries === 0 && needed < noted.end) await this.write(root, { ...noted, end: needed });
  }

  /**
   * Before a commit publishes anything: notes an end beyond all that is in use, and the scratch zone. The list of free space is
   * forgotten, as from now on some of it is used.
   */
  async update(root: Header, zones: Zones): Promise<void> {
    const { eof } = this.file.superblock;
    const { start = 0, end = 0 } = zones.unsettled ?? {};
    const { noted } = this;
    const current = noted?.eof === eof && noted.end >= zones.keptEnd && noted.entries === 0;
    if (current && noted.scratchStart === start && noted.scratchEnd >= end) return;
    const ahead = (used: number, most = eof): number => Math.min(most, used + LEAD + Math.floor(used / 64));
    await this.write(root, {
      eof,
      end: ahead(zones.keptEnd, zones.keptEnd <= start ? start : eof), // not into scratch space: the next writer goes on there
      list: 0,
      entries: 0,
      scratchStart: start,
      scratchEnd: end === 0 ? 0 : ahead(end),
    });
  }

  /** At the clean end: the file's exact size, and a list of its free space. */
  async close(root: Header, zones: Zones): Promise<void> {
    if (!this.file.wrote && this.end === this.file.superblock.eof) return;
    const free = zones.close();
    const list = zones.keptEnd;
    const extents = [...free].sort((a, b) => b.size - a.size).slice(0, LISTED);
    const total = extents.reduce((sum, { size }) => sum + size, 0);
    const entries = total < WORTHWHILE || !root.keepsNote ? 0 : extents.length + 1;
    const eof = list + 16 * entries;
    if (entries > 0) {
      const bytes = encodeExtents([...extents, { address: list, size: 16 * entries }]);
      await this.file.write({ address: list, bytes });
    }
    if (this.file.superblock.eof !== eof) {
      await this.write(root, { eof, end: eof, list, entries, scratchStart: 0, scratchEnd: 0 });
    }
    await this.file.trim(eof);
  }

  private async write(root: Header, note: Note): Promise<void> {
    const first = root.chunks[0];
    if (!root.keepsNote || first?.address === undefined || first.size !== NOTE_OFFSET) return;
    await this.file.write({ address: first.address + NOTE_OFFSET, bytes: encodeNote(note) });
    this.noted = note;
  }
}
