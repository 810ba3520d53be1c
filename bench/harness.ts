import { spawn } from "node:child_process";

/**
 * One piece of work that nxlive and a Python peer do alike. Both are programs: they print one JSON line of the form
 * `{"seconds", "cpu", "rss", "result"}` with the time of the work itself (start-up and preparation excluded), the CPU
 * seconds of the process during the work, its peak memory in bytes, and what was produced, for comparison. Latencies
 * give their median as `seconds`, and `p99`.
 */
export interface Work {
  readonly group: string;
  readonly name: string;
  /** Arguments of both programs, after the Redis URL. */
  readonly args: readonly string[];
  readonly nxlive: Program;
  /** Null for work that the peer cannot do. */
  readonly peer: Program | null;
  /** What the numbers mean: seconds of the whole work, or milliseconds of one latency. */
  readonly unit: "s" | "ms";
  /** How many points, scans or streams there are: the table shows the cost of one. */
  readonly count?: number;
  /** How often the peer may try, when it fails at the work now and then: such a run says nothing of its speed. */
  readonly peerTries?: number;
  /** The most rounds, for long works. */
  readonly rounds?: number;
}

export interface Program {
  readonly command: string;
  readonly script: string;
  /** Options of the interpreter. */
  readonly options?: readonly string[];
  /** Arguments of this program alone, between the Redis URL and those of the work. */
  readonly args?: readonly string[];
}

export interface Sample {
  readonly seconds: number;
  readonly cpu: number;
  readonly rss: number;
  readonly result: unknown;
  readonly p99?: number;
}

export interface Row {
  readonly work: Work;
  readonly nxlive: Sample[];
  readonly peer: Sample[];
}

/** The longest that one program may take. */
const TIMEOUT = 600_000;

/** Runs both programs alternately, `rounds` times each, and refuses results that differ. */
export async function measure(work: Work, rounds: number, redisUrl: string): Promise<Row> {
  const row: Row = { work, nxlive: [], peer: [] };
  for (let round = 0; round < Math.min(rounds, work.rounds ?? rounds); round++) {
    if (work.peer) row.peer.push(await runPeer(work, work.peer, redisUrl));
    row.nxlive.push(await runProgram(work.nxlive, redisUrl, work.args));
    const results = [...row.peer, ...row.nxlive].map((sample) => JSON.stringify(sample.result));
    const other = results.find((result) => result !== results[0]);
    if (other !== undefined) throw new Error(`The results differ: ${results[0]} and ${other}.`);
  }
  return row;
}

async function runPeer(work: Work, peer: Program, redisUrl: string): Promise<Sample> {
  for (let left = (work.peerTries ?? 1) - 1; ; left--) {
    try {
      return await runProgram(peer, redisUrl, work.args);
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}

async function runProgram(program: Program, redisUrl: string, args: readonly string[]): Promise<Sample> {
  const all = [...(program.options ?? []), program.script, redisUrl, ...(program.args ?? []), ...args];
  // A process group of its own: whatever the program has started ends with it, also when it fails or this one is stopped.
  const env = { ...process.env, BENCH_SPAWNED: String(Number(process.hrtime.bigint()) / 1e9) };
  const child = spawn(program.command, all, { stdio: ["ignore", "pipe", "pipe"], detached: true, env });
  const end = () => endGroup(child.pid);
  process.once("exit", end);
  const timer = setTimeout(end, TIMEOUT);
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  const code = await new Promise<number | string | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", end); // what it has left behind may hold its output open
    child.once("close", (status, signal) => resolve(status ?? signal));
  }).finally(() => {
    clearTimeout(timer);
    process.removeListener("exit", end);
  });
  if (code !== 0) throw new Error(`${all.join(" ")} ended with ${code}:\n${errors}`);
  const line = output.trim().split("\n").at(-1) ?? "";
  return JSON.parse(line) as Sample;
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left in it.
  }
}

/** The middle of the values (mean of the two middle ones for even counts). */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** Largest minus smallest, as a part of the median: how far the rounds disagree. */
export function spread(values: readonly number[]): number {
  return values.length === 0 ? 0 : (Math.max(...values) - Math.min(...values)) / median(values);
}
