/** glibc keeps up to twice the largest piece that it has seen freed, of those up to 32 MiB. */
const LARGEST_THAT_COUNTS = 32 * 2 ** 20 - 2 ** 16;
/** V8 collects all garbage each time the arrays of a few times its own heap have come and gone: a small heap makes that often. */
const BALLAST_BYTES = 12 * 2 ** 20;
const LARGE = 2 ** 18;

let ballast: readonly number[] | undefined;

/**
 * Memory for an array that is handed out, holding anything. Large arrays come and go by the hundred, and two habits make each cost
 * more than filling it does: glibc gives freed memory back to the kernel at once, so that new memory comes with page faults; and V8
 * looks through its whole heap for garbage every 30 MiB. The first large array sees to both.
 */
export function largeMemory(bytes: number): Uint8Array {
  if (bytes > LARGE && !ballast) {
    Buffer.allocUnsafeSlow(LARGEST_THAT_COUNTS); // never touched, so it takes no memory; freed as garbage
    ballast = new Array<number>(BALLAST_BYTES / 8).fill(0.5);
  }
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
}
