import { isAscii, isUtf8 } from "node:buffer";

/** HDF5 does not check texts: what is no UTF-8, whatever its character set is said to be, is taken for Latin-1 of older programs. */
export function textOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return text.toString(isUtf8(text) || isCutUtf8(text) ? "utf8" : "latin1");
}

/** True for UTF-8 that was cut within its last character, as NumPy cuts what is longer than its fixed length. */
function isCutUtf8(text: Buffer): boolean {
  return [1, 2, 3].some((cut) => {
    const whole = text.subarray(0, -cut);
    return isUtf8(whole) && !isAscii(whole);
  });
}
