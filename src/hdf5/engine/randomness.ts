/** So many bytes tell what a part of a chunk is like. */
const LOOK_BYTES = 4096;
/** Chi-square of the bytes' counts, by degrees of freedom: 1 for random bytes, 6 where codes would save about 3 %. */
const MOST_UNEVEN = 6;
/** Which part of the positions may begin with four bytes that were there before. */
const MOST_REPEATED = 1 / 16;

const counts = new Uint32Array(256);
/** Where the last of four bytes of some hash was. */
const places = new Uint16Array(4096);

/**
 * True when bytes in the middle of these look random, so that compressing them would be in vain: all values about as
 * often, and no sequence of four again. Takes microseconds.
 */
export function looksRandom(bytes: Buffer): boolean {
  const length = Math.min(LOOK_BYTES, bytes.length);
  const start = (bytes.length - length) >> 1;
  const piece = bytes.subarray(start, start + length);
  return unevenness(piece) <= MOST_UNEVEN && repeated(piece) <= MOST_REPEATED * length;
}

function unevenness(piece: Buffer): number {
  counts.fill(0);
  for (const byte of piece) counts[byte] = (counts[byte] as number) + 1;
  const expected = piece.length / counts.length;
  let sum = 0;
  for (const count of counts) sum += (count - expected) ** 2;
  return sum / expected / (counts.length - 1);
}

function repeated(piece: Buffer): number {
  places.fill(0);
  let [found, four] = [0, 0];
  for (let i = 0; i < piece.length; i++) {
    four = (four << 8) | (piece[i] as number);
    if (i < 3) continue;
    const hash = Math.imul(four, 0x9e3779b1) >>> 20;
    const before = places[hash] as number;
    if (before > 0 && piece.readInt32BE(before - 3) === four) found++;
    places[hash] = i;
  }
  return found;
}
