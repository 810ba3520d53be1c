import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { InvalidArgumentError, messageOf } from "../errors.js";
import { makeFolder } from "../folders.js";
import { RedisServerError } from "./errors.js";
import { findRedisProgram, type RedisProgram } from "./server-binary.js";

export interface PrivateRedisOptions {
  /** TCP port on 127.0.0.1; a free one when absent. */
  readonly port?: number;
  /** Redis' `maxmemory`, such as `500mb`; without limit when absent. */
  readonly maxmemory?: string;
  /** Folder whose database is loaded and saved again on stopping; when absent nothing is kept. */
  readonly dir?: string;
  /** Stops the server when it aborts. */
  readonly signal?: AbortSignal;
  /** Called when Redis must be downloaded first. */
  readonly onFetch?: () => void;
}

/** A Redis server with JSON and Search that lives no longer than this process. */
export interface PrivateRedis extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Process id of the server. */
  readonly pid: number;
  /** Settles once the server has ended, for whatever reason; never rejects. */
  readonly exited: Promise<void>;
  /** Stops the server and removes its temporary folder; may be called again. */
  stop(): Promise<void>;
}

// The shell becomes the server (exec keeps its pid) and leaves a watcher on the pipe from this process: when the
// pipe ends without a word, this process is gone, whatever killed it, and the watcher ends the server.
const LAUNCH = `
temporary=$1; shift; exec 3<&0
( read -r word || {
    kill -TERM $$; tries=0
    while [ $tries -lt 100 ] && kill -0 $$; do sleep 0.05; tries=$((tries + 1)); done
  }
  [ -z "$temporary" ] || rm -rf -- "$temporary" ) <&3 3<&- >/dev/null 2>&1 &
exec "$@" </dev/null 3<&-
`;

const PORT_ATTEMPTS = 5;
const PID_FILE = "redis.pid";

/** `pid:role date time level text` */
const LOG_LINE = /^\d+:\S+ .*? \d\d:\d\d:\d\d\.\d+ ([.*#-]) (.*)$/;

/**
 * Starts a private Redis and waits until it accepts connections.
 *
 * @throws {RedisServerError} when no Redis is found or fetched, or it does not start; the message says what is missing.
 */
export async function startPrivateRedis(options: PrivateRedisOptions = {}): Promise<PrivateRedis> {
  const { port, maxmemory, signal } = options;
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65536)) {
    throw new InvalidArgumentError(`port must be an integer from 1 to 65535, not ${port}.`);
  }
  if (maxmemory !== undefined && !/^\d+([kmg]b?)?$/i.test(maxmemory)) {
    throw new InvalidArgumentError(`maxmemory must be a size such as 500mb or 2gb, not ${maxmemory}.`);
  }
  signal?.throwIfAborted();
  const program = await findRedisProgram(options.onFetch);
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(program, port ?? (await freePort()), options);
    } catch (error) {
      // The free port may have been taken between finding and using it.
      const taken = error instanceof RedisServerError && /in use/i.test(error.message);
      if (!taken || port !== undefined || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string")
    throw new RedisServerError("No free TCP port was found.");
  return address.port;
}

async function launch(
  program: RedisProgram,
  port: number,
  options: PrivateRedisOptions,
): Promise<PrivateRedis> {
  const { dir, signal } = options;
  if (dir !== undefined) {
    await makeFolder(dir).catch((cause: unknown) => {
      throw new RedisServerError(`The folder ${dir} cannot be made: ${messageOf(cause)}.`, { cause });
    });
    await refuseSecondServer(dir);
  }
  const temporary = dir === undefined ? await mkdtemp(join(tmpdir(), "nxlive-redis-")) : undefined;
  const args = serverArgs(program, port, dir ?? temporary ?? "", options);
  // A process group of its own: Ctrl-C reaches only this process, which stops the server when its work is done.
  const child = spawn("/bin/sh", ["-c", LAUNCH, "nxlive-redis", temporary ?? "", program.server, ...args], {
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
  const exited = ended.then(async () => {
    child.stdin.on("error", () => undefined).end("done\n");
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
    signal?.removeEventListener("abort", onAbort);
  });
  const stop = async () => {
    child.kill("SIGTERM");
    // Saving a kept database may take its time; a temporary one has nothing to wait for.
    const timer = temporary === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), 5_000);
    await exited;
    clearTimeout(timer);
  };
  const onAbort = () => void stop();
  signal?.addEventListener("abort", onAbort, { once: true });
  const failure = await untilReady(child.stdout, exited);
  signal?.throwIfAborted();
  if (failure !== undefined) throw new RedisServerError(`Redis did not start on port ${port}: ${failure}.`);
  const { pid } = child;
  if (pid === undefined) throw new RedisServerError("The Redis server has no process id.");
  return { url: `redis://127.0.0.1:${port}`, port, pid, exited, stop, [Symbol.asyncDispose]: stop };
}

/** Two servers in one folder would save their databases over each other's. */
async function refuseSecondServer(dir: string): Promise<void> {
  const pid = Number(await readFile(join(dir, PID_FILE), "utf8").catch(() => ""));
  if (pid > 0 && (await isRedis(pid)))
    throw new RedisServerError(`The folder ${dir} is in use by the Redis server with the process id ${pid}.`);
}

/** Whether a process that was a Redis server is one still: a number left by a killed one may be another's by now. */
async function isRedis(pid: number): Promise<boolean> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "args=", "-p", String(pid)]).catch(() => ({
    stdout: "",
  }));
  return stdout.includes("redis-server");
}

function serverArgs(
  { search, json }: RedisProgram,
  port: number,
  folder: string,
  { dir, maxmemory }: PrivateRedisOptions,
): string[] {
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
  args.push("--save", dir === undefined ? "" : "60 1", "--daemonize", "no", "--logfile", "");
  args.push("--pidfile", PID_FILE, "--loadmodule", search, "--loadmodule", json);
  if (maxmemory !== undefined) args.push("--maxmemory", maxmemory);
  return args;
}

/** Reads the server's log until it accepts connections or ends, and keeps draining it; the answer is why it ended. */
async function untilReady(log: Readable, exited: Promise<void>): Promise<string | undefined> {
  const complaints: string[] = [];
  const ready = new Promise<boolean>((resolve) => {
    void exited.then(() => resolve(false));
    createInterface({ input: log }).on("line", (line) => {
      const [, level, text = line] = LOG_LINE.exec(line) ?? [];
      if (text.startsWith("Ready to accept connections")) resolve(true);
      if (level !== "*" && text.trim() !== "" && !text.startsWith("WARNING")) complaints.push(text.trim());
      if (complaints.length > 3) complaints.shift();
    });
  });
  return (await ready) ? undefined : complaints.join(" ").replace(/\.$/, "") || "it ended without a word";
}
