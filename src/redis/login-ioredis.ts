import { Redis } from "ioredis";
import { commandError, RedisAccessError, refusal } from "./errors.js";
import type { LoginOptions } from "./login.js";
import type { Target, TargetOptions } from "./target.js";
import { Wire } from "./wire.js";

/** Lets ioredis find the server, encrypt and log in; the wire takes over its socket, which is several times faster. */
export async function logInByIoredis(
  target: Target,
  { name, timeout, silence, signal }: LoginOptions,
): Promise<Wire> {
  const options: TargetOptions = {
    ...target.options,
    protocol: 2,
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: null,
    connectTimeout: timeout,
    connectionName: name,
  };
  const client = new Redis(options);
  let reason: unknown;
  client.on("error", (error) => {
    reason = error;
  });
  const giveUp = () => disconnect(client);
  const timer = setTimeout(giveUp, timeout);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await client.connect();
    await client.ping(); // nothing of the handshake is under way any more
    return new Wire(client.stream, silence);
  } catch (error) {
    disconnect(client);
    const cause = reason ?? error;
    const refused = commandError(cause, "the connection") instanceof RedisAccessError;
    throw refused ? refusal(target.label, "the connection", cause) : cause;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

/** ioredis would wait 2 s for a socket that has closed already to close, and keep the process alive for it. */
function disconnect(client: Redis): void {
  if (client.status !== "close" && client.status !== "end") client.disconnect();
}
