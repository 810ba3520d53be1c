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

function parse(chunks: readonly Buffer[]): Reply[] {
  const replies: Reply[] = [];
  const parser = new ReplyParser((reply) => replies.push(reply));
  for (const chunk of chunks) parser.write(chunk);
  return replies;
}

const replies = fc.letrec<{ reply: Reply; list: readonly Reply[] }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.uint8Array({ maxLength: 40 }).map((bytes): Reply => Buffer.from(bytes)),
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
