import { createConnection, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { keepFreedMemory } from "../memory.js";
import type { Address } from "./target.js";

/** As much as a processor's second cache holds beside other things. */
const RECEIVE_BYTES = 64 * 2 ** 10;

type Received = (bytes: Buffer) => void;

/** For the sockets made here: who gets what they receive. */
const receivers = new WeakMap<Duplex, Received>();

/**
 * A socket that receives into the same memory again and again. Node's own way, a new buffer of 64 KiB for each read,
 * takes two to four times as long for large replies, most of it for memory that is fresh each time.
 */
export function openSocket(address: Address): Socket {
  keepFreedMemory(); // for what is received
  const buffer = Buffer.allocUnsafeSlow(RECEIVE_BYTES);
  const callback = (length: number) => {
    receivers.get(socket)?.(buffer.subarray(0, length));
    return true;
  };
  const onread = { buffer, callback };
  const socket = createConnection({ ...address, noDelay: true, keepAlive: true, onread });
  receivers.set(socket, () => undefined);
  return socket;
}

/** From now on, this one gets what a socket receives, and nobody else. The bytes are good during the call only. */
export function receive(socket: Duplex, received: Received): void {
  socket.removeAllListeners("data");
  if (receivers.has(socket)) receivers.set(socket, received);
  else socket.on("data", received);
}
