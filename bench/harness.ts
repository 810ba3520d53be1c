import { spawn } from "node:child_process";

/**
 * One piece of work that nxlive and a Python peer do alike. Both are programs: they print one JSON line of the form
 * `{"seconds", "cpu", "rss", "result"}` with the time of the work itself (start-up and preparation excluded), the CPU
 * seconds of the process during the work, its peak memory in bytes, and what was produced, for comparison.
 */
export interface Work {
  readonly group: string;
  readonly name: string;
  /** Arguments of both programs, after the Redis URL. */
  readonly args: readonly string[];
  readonly nxlive: Program;
  readonly peer: Program;
  /** What the numbers mean: seconds of the whole work, or milliseconds of one latency. */
  readonly unit: "s" | "ms";
}

export interface Program {
  readonly command: string;
  readonly script: string;
}

export interface Sample {
  readonly seconds: number;
  readonly cpu: number;
  readonly rss: number;
  readonly result: unknown;
}

export interface Row {
  readonly work: Work;
  readonly nxlive: Sample[];
  readonly peer: Sample[];
}

/** Runs both programs alternately, `rounds` times each, and refuses results that differ. */
export async function measure(work: Work, rounds: number, redisUrl: string): Promise<Row> {
  const row: Row = { work, nxlive: [], peer: [] };
  for (let round = 0; round < rounds; round++) {
    row.peer.push(await runProgram(work.peer, [redisUrl, ...work.args]));
    row.nxlive.push(await runProgram(work.nxlive, [redisUrl, ...work.args]));
    const [peer, nxlive] = [row.peer.at(-1)?.result, row.nxlive.at(-1)?.result];
    if (JSON.stringify(peer) !== JSON.stringify(nxlive)) {
      throw new Error(
        `${work.name}: results differ: peer ${JSON.stringify(peer)}, nxlive ${JSON.stringify(nxlive)}`,
      );
    }
  }
  return row;
}

async function runProgram(program: Program, args: readonly string[]): Promise<Sample> {
  const child = spawn(program.command, [program.script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`${program.script} ${args.join(" ")} ended with ${code}:\n${errors}`);
  const line = output.trim().split("\n").at(-1) ?? "";
  return JSON.parse(line) as Sample;
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
  return (Math.max(...values) - Math.min(...values)) / median(values);
}
