/** The largest piece of memory from which glibc still learns (DEFAULT_MMAP_THRESHOLD_MAX), with its own bytes around it. */
const LARGEST_LESSON = 32 * 2 ** 20 - 64 * 2 ** 10;
let taught = false;

/**
 * Lets arrays come out of memory that was used before. glibc gives freed memory back to the kernel beyond twice the
 * largest piece that was ever freed, and every page that comes back costs as much as filling it: one piece of 32 MiB,
 * freed with the first garbage, makes it keep up to 64 MiB. It is never touched, and thus takes no memory itself.
 */
export function keepFreedMemory(): void {
  if (taught) return;
  taught = true;
  Buffer.allocUnsafeSlow(LARGEST_LESSON);
}
