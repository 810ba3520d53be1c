/** HDF5's "undefined address" and "unlimited length": eight bytes ff. */
const UNDEFINED = 0xffff_ffff_ffff_ffffn;

/** Builds a structure front to back; all numbers little-endian, addresses and lengths 8 bytes. */
export class ByteWriter {
  private buffer: Buffer;
  private at = 0;

  constructor(size = 64) {
    this.buffer = Buffer.alloc(size);
  }

  get length(): number {
    return this.at;
  }

  u8(...values: number[]): this {
    const at = this.advance(values.length);
    for (const [i, value] of values.entries()) this.buffer[at + i] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.advance(2);
    this.buffer.writeUInt16LE(value, at);
    return this;
  }

  u32(value: number): this {
    const at = this.advance(4);
    this.buffer.writeUInt32LE(value >>> 0, at);
    return this;
  }

  /** A length or address; `undefined` is HDF5's undefined address, `null` its unlimited length: both are ff × 8. */
  u64(value: number | bigint | undefined | null): this {
    const at = this.advance(8);
    if (typeof value === "number") {
      if (!Number.isSafeInteger(value)) throw new RangeError(`a length or address of ${value}`);
      this.buffer.writeUInt32LE(value >>> 0, at);
      this.buffer.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4);
    } else this.buffer.writeBigUInt64LE(value ?? UNDEFINED, at);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.advance(value.length);
    this.buffer.set(value, at);
    return this;
  }

  ascii(value: string): this {
    return this.bytes(Buffer.from(value, "latin1"));
  }

  /** Zeros up to a multiple of `unit`, counted from the start of this structure. */
  pad(unit: number): this {
    return this.zeros((unit - (this.at % unit)) % unit);
  }

  zeros(count: number): this {
    const at = this.advance(count);
    this.buffer.fill(0, at, at + count);
    return this;
  }

  done(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  private advance(count: number): number {
    const start = this.at;
    this.at += count;
    if (this.at > this.buffer.length) {
      const larger = Buffer.alloc(Math.max(this.at, 2 * this.buffer.length));
      larger.set(this.buffer.subarray(0, start));
      this.buffer = larger;
    }
    return start;
  }
}

/** Reads a structure front to back. Reading past the end throws a RangeError: callers report a damaged structure. */
export class ByteReader {
  private readonly buffer: Buffer;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  get left(): number {
    return this.buffer.length - this.at;
  }

  u8(): number {
    return this.buffer.readUInt8(this.skip(1));
  }

  u16(): number {
    return this.buffer.readUInt16LE(this.skip(2));
  }

  u32(): number {
    return this.buffer.readUInt32LE(this.skip(4));
  }

  /** A length or address; undefined for ff × 8. Files beyond 2^53 bytes are not expected: a RangeError. */
  u64(): number | undefined {
    const value = this.buffer.readBigUInt64LE(this.skip(8));
    if (value === UNDEFINED) return undefined;
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`a length or address of ${value}`);
    return Number(value);
  }

  /** An address that must be there. */
  address(): number {
    const value = this.u64();
    if (value === undefined) throw new RangeError("an undefined address");
    return value;
  }

  /** An unsigned number of 1 to 6 bytes. */
  uint(width: number): number {
    return this.buffer.readUIntLE(this.skip(width), width);
  }

  bytes(count: number): Buffer {
    const start = this.skip(count);
    if (start + count > this.buffer.length) throw new RangeError("the end of a structure");
    return this.buffer.subarray(start, start + count);
  }

  /** Text up to a NUL, which is skipped. */
  text(): string {
    const end = this.buffer.indexOf(0, this.at);
    if (end < 0) throw new RangeError("text without an end");
    const text = this.buffer.toString("utf8", this.at, end);
    this.at = end + 1;
    return text;
  }

  /** True when the next bytes are this signature; skips it. */
  signature(expected: string): boolean {
    return this.bytes(expected.length).toString("latin1") === expected;
  }

  skip(count: number): number {
    const start = this.at;
    this.at += count;
    return start;
  }
}
