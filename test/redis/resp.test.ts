import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Reply } from "../../src/redis/connection.js";
import { encodeCommands, ReplyError, ReplyParser } from "../../src/redis/resp.js";

/** A reply as Redis sends it. */
function wire(reply: Reply): Buffer {
  if (reply === null) return Buffer.from("$-1\r\n");
  if (typeof reply === "number") return Buffer.from(`:${reply}\r\n`);
  if (reply instanceof Error) return Buffer.from(`-${reply.message}\r\n`);
  if (Buffer.isBuffer(reply))
    return Buffer.concat([Buffer.from(`$${reply.length}\r\n`), reply, Buffer.from("\r\n")]);
  return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map(wire)]);
}

function parse(chunks: readonly Buffer[], place = (_: number): Buffer | undefined => undefined): Reply[] {
  const replies: Reply[] = [];
  const parser = new ReplyParser({ reply: (reply) => replies.push(reply), place });
  for (const chunk of chunks) {
    const received = Buffer.from(chunk);
    parser.write(received);
    received.fill("!"); // the socket receives into the same memory again
  }
  return replies;
}

const replies = fc.letrec<{ reply: Reply; list: readonly Reply[] }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.uint8Array({ maxLength: 40 }).map((bytes): Reply => Buffer.from(bytes)),
    fc.tuple(fc.nat(255), fc.integer({ min: 1000, max: 3000 })).map(([b, n]): Reply => Buffer.alloc(n, b)),
    fc.maxSafeInteger(),
    fc.constant(null),
    fc.constantFrom(new ReplyError("ERR no such key"), new ReplyError("WRONGTYPE é")),
    tie("list"),
  ),
  list: fc.array(tie("reply"), { maxLength: 5 }),
}));

describe("replies", () => {
  test("are read however the socket cuts them", () => {
    const cases = fc.tuple(fc.array(replies.reply, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 12 }));
    fc.assert(
      fc.property(cases, ([sent, cuts]) => {
        const bytes = Buffer.concat(sent.map(wire));
        const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
        const chunks = [...ends, bytes.length].map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
        expect(parse(chunks)).toEqual(sent);
      }),
      { numRuns: 500 },
    );
  });

  test("are read byte by byte", () => {
    const sent: Reply[] = [
      [Buffer.from("a\r\nb"), 12, null, []],
      Buffer.alloc(0),
      new ReplyError("ERR x"),
      -5,
    ];
    const bytes = Buffer.concat(sent.map(wire));
    expect(parse(Array.from(bytes, (byte) => Buffer.of(byte)))).toEqual(sent);
  });

  test("hold their large texts one behind the other", () => {
    const payloads = Array.from({ length: 50 }, (_, i) => Buffer.alloc(2000 + (i % 2), i));
    const entries = payloads.map((payload): Reply => [Buffer.from("1-1"), [Buffer.from("payload"), payload]]);
    const bytes = wire(entries);
    const [reply] = parse([bytes.subarray(0, 30_001), bytes.subarray(30_001)]);
    expect(reply).toEqual(entries);
    const texts = (reply as readonly (readonly [Buffer, readonly [Buffer, Buffer]])[]).map(
      (entry) => entry[1][1],
    );
    const pieces = texts.filter((text, i) => {
      const before = i === 0 ? undefined : texts[i - 1];
      return text.buffer !== before?.buffer || text.byteOffset !== before.byteOffset + before.length;
    });
    expect(pieces.length).toBeLessThanOrEqual(2); // room was made for 50 texts of 2000 bytes, half of them have one more
  });

  test("put large texts where their owner wants them", () => {
    const payloads = [Buffer.alloc(1500, 1), Buffer.alloc(1200, 2), Buffer.from("small")];
    const own = Buffer.alloc(1500);
    const places: (Buffer | undefined)[] = [own, undefined];
    const bytes = wire(payloads);
    const asked: number[] = [];
    const place = (length: number) => {
      asked.push(length);
      return places.shift();
    };
    const [reply] = parse([bytes.subarray(0, 100), bytes.subarray(100)], place);
    expect(reply).toEqual(payloads);
    expect(asked).toEqual([1500, 1200]);
    expect(own).toEqual(payloads[0]);
  });

  test("of simple texts are texts, missing lists are null", () => {
    expect(parse([Buffer.from("+OK\r\n*-1\r\n")])).toEqual([Buffer.from("OK"), null]);
  });

  test("nested a thousand levels deep cost no stack", () => {
    const depth = 100_000;
    const [reply] = parse([Buffer.concat([Buffer.from("*1\r\n".repeat(depth)), Buffer.from(":7\r\n")])]);
    let level: unknown = reply;
    for (let i = 0; i < depth; i++) level = (level as readonly unknown[])[0];
    expect(level).toBe(7);
  });

  test("of another protocol are refused", () => {
    expect(() => parse([Buffer.from("HTTP/1.1 400 Bad Request\r\n")])).toThrow(TypeError);
  });
});

describe("commands", () => {
  test("are lists of texts with their lengths in bytes", () => {
    const [piece] = encodeCommands([
      ["SET", "é", 12],
      ["GET", Buffer.from([0, 255])],
    ]);
    const expected = Buffer.concat([
      Buffer.from("*3\r\n$3\r\nSET\r\n$2\r\né\r\n$2\r\n12\r\n*2\r\n$3\r\nGET\r\n$2\r\n"),
      Buffer.from([0, 255]),
      Buffer.from("\r\n"),
    ]);
    expect(Buffer.from(piece ?? [])).toEqual(expected);
  });

  test("with large payloads are sent without copying these", () => {
    const payload = new Uint8Array(2 ** 20);
    const pieces = encodeCommands([["XADD", "k", "0-1", "payload", payload]]);
    expect(pieces[1]).toBe(payload);
    expect(pieces).toHaveLength(3);
  });
});
