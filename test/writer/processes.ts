import { once } from "node:events";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { spawnCli } from "../support/cli.js";

/** A writer in a process of its own. */
export interface WriterProcess {
  readonly pid: number | undefined;
  /** Resolves when its log has a line that matches. */
  says(pattern: RegExp): Promise<string>;
  /** Ends it as a crash does; resolves when it is gone. */
  crash(): Promise<void>;
  /** Asks it to end; gives its exit code. */
  terminate(): Promise<number | null>;
  /** Reads its log no further, as a pager that was quit. */
  ignoreLog(): void;
  /** Its exit code once it ends by itself. */
  readonly ended: Promise<number | null>;
  readonly log: readonly string[];
}

/** Starts `nxlive write`, which does not outlive the test; extra arguments follow. */
export function startWriter(url: string, ...args: readonly string[]): WriterProcess {
  const child = spawnCli(["write", "--redis", url, "--least-free", "0", ...args]);
  onTestFinished(() => void child.kill("SIGKILL"));
  child.stdout.resume();
  const log: string[] = [];
  const waiting = new Set<(line: string) => void>();
  createInterface({ input: child.stderr }).on("line", (line) => {
    log.push(line);
    for (const listener of waiting) listener(line);
  });
  const ended = once(child, "exit").then(([code]) => code as number | null);
  return {
    pid: child.pid,
    log,
    ended,
    async says(pattern) {
      const known = log.find((line) => pattern.test(line));
      if (known !== undefined) return known;
      return new Promise((resolve, reject) => {
        const listener = (line: string) => {
          if (!pattern.test(line)) return;
          waiting.delete(listener);
          resolve(line);
        };
        waiting.add(listener);
        void ended.then(() => reject(new Error(`The writer ended without ${pattern}:\n${log.join("\n")}`)));
      });
    },
    async crash() {
      child.kill("SIGKILL");
      await ended;
    },
    ignoreLog() {
      child.stderr.destroy();
    },
    async terminate() {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
