import type { FileHandle } from "node:fs/promises";
import { FileChangedError } from "../errors.js";
import { isOnNetwork } from "./network.js";

/** Notices, by what the operating system tells of a file, that somebody else has changed it since our last write. */
export class ChangeWatch {
  private readonly path: string;
  private readonly handle: FileHandle;
  /** What the file looked like after our last write; undefined while writes are under way. */
  private seen: { readonly size: bigint; readonly mtime: bigint } | undefined;
  private checking: Promise<void> | undefined;
  /** Writes begun so far. */
  private begun = 0;
  /** On network file systems the server sets modification times, at moments of its own. */
  private ownTimes: boolean;

  constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.handle = handle;
    this.ownTimes = true;
  }

  /** Notes what the file looks like now that nothing is being written; `wrote`: something has been written before. */
  async quiet(wrote: boolean): Promise<void> {
    if (this.seen === undefined && !wrote) this.ownTimes = !(await isOnNetwork(this.path));
    const { begun } = this;
    const { size, mtimeNs } = await this.handle.stat({ bigint: true });
    if (begun !== this.begun) return; // this may be from before that write
    this.seen = { size, mtime: mtimeNs };
    this.checking = undefined;
  }

  /** The first write after a quiet time looks whether someone else changed the file meanwhile. */
  async beforeWriting(): Promise<void> {
    this.begun++;
    const seen = this.seen;
    if (seen) {
      this.seen = undefined;
      this.checking = this.compare(seen);
    }
    await this.checking;
  }

  private async compare(seen: { readonly size: bigint; readonly mtime: bigint }): Promise<void> {
    const now = await this.handle.stat({ bigint: true });
    if (now.nlink === 0n) throw this.changed("it was deleted or replaced");
    if (now.size !== seen.size) throw this.changed(`its size changed from ${seen.size} to ${now.size} bytes`);
    if (this.ownTimes && now.mtimeNs !== seen.mtime) throw this.changed("it was written to");
  }

  changed(how: string): FileChangedError {
    return new FileChangedError(
      `${this.path} was changed by someone else since our last write: ${how}. Nothing more is written to it; close it, check it with h5dump or h5py, and open it again.`,
      { path: this.path },
    );
  }
}
