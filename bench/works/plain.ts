// A plain socket to Redis, for the works that measure a limit: it keeps or counts the bytes of replies, and looks at nothing.
import { once } from "node:events";
import { createConnection } from "node:net";
import { url } from "./common.js";

const PONG = Buffer.from("+PONG\r\n");

type Command = readonly (string | number)[];

export interface PlainSocket {
  /** Sends commands, and PING to see where their replies end; how many bytes came. */
  ask(...commands: Command[]): Promise<number>;
  /** As `ask`, and puts the first bytes that come into `memory`. */
  fill(memory: Uint8Array, ...commands: Command[]): Promise<number>;
  close(): void;
}

export async function plainSocket(): Promise<PlainSocket> {
  let received = 0;
  let tail = Buffer.alloc(0);
  let target: Uint8Array = new Uint8Array();
  let done = () => {};
  const memory = Buffer.alloc(64 * 2 ** 10);
  const onread = {
    buffer: memory,
    callback(length: number) {
      const wanted = Math.min(length, target.length - received);
      if (wanted > 0) target.set(memory.subarray(0, wanted), received);
      received += length;
      const end = memory.subarray(Math.max(0, length - PONG.length), length);
      tail = Buffer.concat([tail, end]).subarray(-PONG.length);
      if (tail.equals(PONG)) done();
      return true;
    },
  };
  const { hostname: host, port } = new URL(url);
  const socket = createConnection({ host, port: Number(port), noDelay: true, onread });
  await once(socket, "connect");
  async function exchange(commands: string, memory: Uint8Array = new Uint8Array()): Promise<number> {
    const pong = new Promise<void>((resolve) => {
      done = resolve;
    });
    received = 0;
    target = memory;
    tail = Buffer.alloc(0);
    socket.write(commands);
    socket.write("PING\r\n");
    await pong;
    return received;
  }
  const textOf = (commands: readonly Command[]) =>
    commands.map((command) => `${command.join(" ")}\r\n`).join("");
  return {
    ask: (...commands) => exchange(textOf(commands)),
    fill: (memory, ...commands) => exchange(textOf(commands), memory),
    close: () => socket.destroy(),
  };
}
