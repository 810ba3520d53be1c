import { sleep } from "../waiting.js";
import { type CaptureStep, readCapture } from "./capture.js";
import type { RedisClient } from "./client.js";
import { exists } from "./commands.js";
import type { Reply } from "./connection.js";
import { CaptureError } from "./errors.js";
import { isScanKey } from "./keys.js";
import { type PathMove, type Rebase, rebasing } from "./rebase.js";
import { checkProtocol } from "./setup.js";

export interface ReplayOptions {
  /** 1 is real time, 10 ten times as fast, Infinity as fast as Redis takes it. */
  readonly speed?: number;
  /** Path prefixes to replace in the scan documents. */
  readonly rebase?: readonly PathMove[];
  readonly signal?: AbortSignal | undefined;
}

/** What one capture has sent. */
export interface Replayed {
  readonly file: string;
  readonly commands: number;
  /** Keys of its scans, in the order of their creation. */
  readonly scans: readonly string[];
}

/** So many commands and bytes are sent at once when no time has to pass in between. */
const BATCH = 500;
const BATCH_BYTES = 4 * 2 ** 20;

/**
 * Sends the commands of captures in order, one capture after the other, as their publishers did. All captures are read
 * and checked before anything is sent.
 *
 * @throws {CaptureError} for a malformed capture, a scan that the database has already, or a command that Redis refuses
 * @throws {NotInitialisedError} when the database is not prepared for scans
 */
export async function replayCaptures(
  redis: RedisClient,
  files: readonly string[],
  options: ReplayOptions = {},
): Promise<Replayed[]> {
  const { speed = 1, signal } = options;
  const rebase = rebasing(options.rebase ?? []);
  const plans: Replayed[] = [];
  for (const file of files) plans.push(await check(file));
  await checkProtocol(redis, { signal });
  const planned = new Set<string>();
  for (const { file, scans } of plans) {
    for (const scan of scans) {
      const context = { path: file, scan };
      if (planned.has(scan))
        throw new CaptureError(`${file}: its scan ${scan} is in an earlier capture, too.`, context);
      planned.add(scan);
      if (!(await redis.do(exists(scan), { signal }))) continue;
      const message = `${file}: the database has its scan ${scan} already; replay it into another one.`;
      throw new CaptureError(message, context);
    }
  }
  for (const { file } of plans) await send(redis, file, speed, rebase, signal);
  return plans;
}

async function check(file: string): Promise<Replayed> {
  const scans = new Set<string>();
  let commands = 0;
  for await (const step of readCapture(file)) {
    commands += step.commands.length;
    for (const [name, key, , document] of step.commands) {
      if (String(name).toUpperCase() !== "JSON.SET") continue;
      if (!isJson(document))
        throw new CaptureError(`${file}, line ${step.line}: JSON.SET of a text that is no JSON.`, {
          path: file,
        });
      if (isScanKey(String(key))) scans.add(String(key));
    }
  }
  return { file, commands, scans: [...scans] };
}

async function send(
  redis: RedisClient,
  file: string,
  speed: number,
  rebase: Rebase,
  signal: AbortSignal | undefined,
): Promise<void> {
  const start = performance.now();
  let first: number | undefined;
  let batch: CaptureStep[] = [];
  let bytes = 0;
  const flush = async () => {
    const steps = batch;
    batch = [];
    bytes = 0;
    const commands = steps.flatMap((step) => step.commands.map(rebase));
    const replies = await redis.commands.pipeline(commands, { signal });
    let done = 0;
    for (const step of steps) {
      checkReplies(file, step, replies.slice(done, done + step.commands.length));
      done += step.commands.length;
    }
  };
  for await (const step of readCapture(file)) {
    first ??= step.time;
    const delay = start + ((step.time - first) * 1000) / speed - performance.now();
    if (delay > 0 || batch.length >= BATCH || bytes >= BATCH_BYTES) await flush();
    if (delay > 0) await sleep(delay, signal);
    batch.push(step);
    bytes += step.commands
      .flat()
      .reduce((sum: number, arg) => sum + (typeof arg === "number" ? 8 : arg.length), 0);
  }
  await flush();
}

/** Every reply must be good, but for sealing again what is sealed: publishers do that, and Redis refused it then too. */
function checkReplies(file: string, step: CaptureStep, replies: readonly Reply[]): void {
  for (const reply of replies.flatMap((one) => (Array.isArray(one) ? (one as readonly Reply[]) : [one]))) {
    if (!(reply instanceof Error) || /is already sealed/.test(reply.message)) continue;
    throw new CaptureError(`${file}, line ${step.line}: Redis refused the command: ${reply.message}.`, {
      path: file,
      cause: reply,
    });
  }
}

function isJson(text: unknown): boolean {
  try {
    JSON.parse(text instanceof Uint8Array ? Buffer.from(text).toString("utf8") : String(text));
    return true;
  } catch {
    return false;
  }
}
