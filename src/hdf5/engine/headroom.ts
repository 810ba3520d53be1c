/** How far the stored EOF runs ahead of what is written, at least: what it may grow by while a reader keeps it open. */
const HEADROOM = 512 * 2 ** 20;
/** As long as it is not known whether the file system has sparse files, and where it has none. */
const HEADROOM_TRIED = 64 * 2 ** 20;
const HEADROOM_DENSE = 2 ** 20;
const HEADROOM_MAX = 16 * 2 ** 30;
/** The headroom covers so much time at the present speed of writing: longer than readers take to open, read and close. */
const HEADROOM_SECONDS = 30;

/** How far the end that readers are told of is ahead of what is written: as far as the file system and the speed call for. */
export class Headroom {
  private size = HEADROOM_TRIED;
  private extended: { readonly at: number; readonly used: number };

  /** `used`: bytes in use so far. */
  constructor(used: number) {
    this.extended = { at: performance.now(), used };
  }

  get bytes(): number {
    return this.size;
  }

  /** False when lengthening the file takes room on the disk. */
  get sparse(): boolean {
    return this.size > HEADROOM_DENSE;
  }

  /** Follows the speed of writing since the last call. */
  follow(used: number): void {
    const now = performance.now();
    const speed = (used - this.extended.used) / Math.max(0.05, (now - this.extended.at) / 1000);
    this.extended = { at: now, used };
    if (this.size < HEADROOM) return;
    const wanted = 2 ** 20 * Math.ceil((speed * HEADROOM_SECONDS) / 2 ** 20);
    this.size = Math.min(HEADROOM_MAX, Math.max(HEADROOM, wanted));
  }

  /** The file was lengthened, which took room on the disk, or did not. */
  tried(tookRoom: boolean): void {
    if (tookRoom) this.size = HEADROOM_DENSE;
    else if (this.size === HEADROOM_TRIED) this.size = HEADROOM;
  }
}
