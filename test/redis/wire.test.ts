import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { openSocket } from "../../src/redis/socket.js";
import { Wire } from "../../src/redis/wire.js";

const open: { close(): unknown }[] = [];

afterEach(() => {
  for (const item of open.splice(0)) item.close();
});

type Answer = (socket: Socket, received: string) => void;

/** A wire to a server that does with the socket what a function says. */
async function wireTo(answer: Answer, { silence = 60_000, reusing = false } = {}): Promise<Wire> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => answer(socket, chunk.toString()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = reusing ? openSocket({ host: "127.0.0.1", port }) : connect(port, "127.0.0.1");
  await once(socket, "connect");
  const wire = new Wire(socket, silence);
  open.push(wire, server);
  return wire;
}

test("gives the replies in the order of the commands", async () => {
  const wire = await wireTo((socket) => socket.write(":1\r\n:2\r\n:3\r\n"));
  const [first, second] = [wire.run([["A"], ["B"]]), wire.run([["C"]])];
  expect([await first, await second]).toEqual([[1, 2], [3]]);
});

test("takes errors of commands as replies", async () => {
  const wire = await wireTo((socket) => socket.write("-ERR unknown command\r\n"));
  const [reply] = await wire.run([["NO"]]);
  expect(reply).toMatchObject({ name: "ReplyError", message: "ERR unknown command" });
  expect(wire.broken).toBe(false);
});

test("rejects everything due when the socket closes", async () => {
  const wire = await wireTo((socket) => socket.destroy());
  const due = [wire.run([["A"]]), wire.run([["B"]])];
  for (const replies of due) await expect(replies).rejects.toThrow();
  expect(wire.broken).toBe(true);
  await expect(wire.run([["C"]])).rejects.toThrow();
});

test("breaks on a reply that nobody asked for", async () => {
  const wire = await wireTo((socket) => socket.write(":1\r\n:2\r\n"));
  expect(await wire.run([["A"]])).toEqual([1]);
  expect(wire.broken).toBe(true);
});

test("breaks on another protocol", async () => {
  const wire = await wireTo((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n"));
  await expect(wire.run([["A"]])).rejects.toThrow(/no RESP 2/);
});

test("breaks when the server stays silent while a reply is due", async () => {
  const wire = await wireTo(() => undefined, { silence: 50 });
  await expect(wire.run([["A"]])).rejects.toThrow(/does not answer/);
});

/** Texts longer than what a socket receives at once, no two parts of which are alike. */
const texts = [3, 7, 11].map((step) =>
  Buffer.from(Uint32Array.from({ length: 100_000 }, (_, i) => i * step).buffer),
);

function sendTexts(socket: Socket): void {
  for (const text of texts) {
    socket.write(`$${text.length}\r\n`);
    socket.write(text);
    socket.write("\r\n");
  }
}

test.each([true, false])(
  "keeps what it has received while it receives more (in the same memory: %s)",
  async (reusing) => {
    const wire = await wireTo(sendTexts, { reusing });
    const replies = [...(await wire.run([["A"], ["B"], ["C"]])), ...(await wire.run([["A"], ["B"], ["C"]]))];
    expect(replies.map((reply, i) => texts[i % 3]?.equals(reply as Buffer))).toEqual(Array(6).fill(true));
  },
);

test("puts large texts into the room they are given, as far as they fit", async () => {
  const wire = await wireTo(sendTexts, { reusing: true });
  const room = Buffer.alloc(900_000);
  const replies = await wire.run([["A"], ["B"], ["C"]], room);
  expect(replies.map((reply, i) => texts[i]?.equals(reply as Buffer))).toEqual([true, true, true]);
  expect(room.subarray(0, 800_000).equals(Buffer.concat(texts.slice(0, 2)))).toBe(true);
  expect(replies.map((reply) => (reply as Buffer).buffer === room.buffer)).toEqual([true, true, false]);
});
