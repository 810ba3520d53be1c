const PAGE = 4096;

export interface Placement {
  /** The address is a multiple of this (default 8). */
  readonly align?: number;
  /** The block must not straddle a 4096-byte page, so that one write of it is all or nothing. */
  readonly inPage?: boolean;
}

/** The first address from `from` on where a block of this size may lie. */
export function place(from: number, size: number, { align = 8, inPage = false }: Placement): number {
  const start = Math.ceil(from / align) * align;
  if (!inPage || size > PAGE) return start;
  const left = PAGE - (start % PAGE);
  return left >= size ? start : start + left;
}

/** True when a block lies within one page. */
export function isInPage(address: number, size: number): boolean {
  return (address % PAGE) + size <= PAGE;
}
