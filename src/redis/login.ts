import type { Arg } from "./connection.js";
import { commandError, RedisAccessError, refusal } from "./errors.js";
import { openSocket } from "./socket.js";
import type { Address, Target } from "./target.js";
import { Wire } from "./wire.js";

/** How to connect, beside the target. */
export interface LoginOptions {
  /** What the server shows in its list of clients. */
  readonly name: string;
  /** Milliseconds for connecting and logging in. */
  readonly timeout: number;
  /** How long the wire waits for a reply. */
  readonly silence: number;
  readonly signal: AbortSignal;
}

/** Opens a wire to a target and logs in. A server that refuses this is a RedisAccessError; all else may pass. */
export async function logIn(target: Target, options: LoginOptions): Promise<Wire> {
  if (target.address) return logInAt(target.address, target, options);
  // TLS and sentinels; as much code again as everything else that reads scans.
  const { logInByIoredis } = await import("./login-ioredis.js");
  return logInByIoredis(target, options);
}

/** All in one round trip. */
async function logInAt(address: Address, target: Target, options: LoginOptions): Promise<Wire> {
  const { username, password, db = 0 } = target.options;
  const auth: Arg[][] = password ? [["AUTH", ...(username ? [username] : []), password]] : [];
  const select: Arg[][] = db > 0 ? [["SELECT", db]] : [];
  const commands: Arg[][] = [...auth, ...select, ["PING"], ["CLIENT", "SETNAME", options.name]];
  const wire = new Wire(openSocket(address), options.silence);
  const giveUp = () => wire.close();
  const timer = setTimeout(() => wire.close(new Error("the server does not answer")), options.timeout);
  options.signal.addEventListener("abort", giveUp, { once: true });
  try {
    const replies = await wire.run(commands);
    replies.slice(0, -1).forEach((reply, i) => {
      if (reply instanceof Error) refuse(target, String(commands[i]?.[0]), reply);
    });
    return wire;
  } catch (error) {
    wire.close();
    throw error;
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener("abort", giveUp);
  }
}

function refuse(target: Target, command: string, reply: Error): void {
  if (/without any password configured|no password is set/i.test(reply.message)) return; // anyone may come in
  const error = commandError(reply, command);
  if (command === "PING" && !(error instanceof RedisAccessError)) throw error; // still loading, as a rule
  throw refusal(target.label, command, reply);
}
