// send COUNT: what the publishing of so many batches cannot do without: adds entries as large over a plain socket, a hundred at a time.
import { args, measured } from "./common.js";
import { plainSocket } from "./plain.js";

const count = Number(args[0]);
const AT_A_TIME = 100;
const socket = await plainSocket();
const key = `bench:${process.pid}`;
const head = `*5\r\n$4\r\nXADD\r\n$${key.length}\r\n${key}\r\n$1\r\n*\r\n$7\r\npayload\r\n$8000\r\n`;
const entry = Buffer.concat([Buffer.from(head), Buffer.alloc(8000), Buffer.from("\r\n")]);
const request = Buffer.concat(Array.from({ length: AT_A_TIME }, () => entry));

async function pass(entries: number): Promise<void> {
  for (let sent = 0; sent < entries; sent += AT_A_TIME) await socket.send(request);
}

for (const end = performance.now() + 1000; performance.now() < end; ) {
  await pass(count / 10);
  await socket.ask(["DEL", key]);
}
await measured(async () => {
  await pass(count);
  return { result: count };
});
await socket.ask(["DEL", key]);
socket.close();
