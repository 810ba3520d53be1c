import type { DataStore } from "../scan/store.js";

/** One option of a command, as node:util's parseArgs takes it, with what its help says. */
export interface Option {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: boolean;
  /** What stands for the value in the help, such as `SECONDS`. */
  readonly value?: string;
  readonly description: string;
}

export type Options = Readonly<Record<string, Option>>;

type Value<O extends Option> = O["type"] extends "boolean"
  ? boolean
  : O["multiple"] extends true
    ? string[]
    : string;

/** The options that were given; a name that is absent was not. */
export type Values<O extends Options> = { readonly [K in keyof O]?: Value<O[K]> };

/** Where a command writes. Each call waits while the reader on the other side is slow. */
export interface Output {
  readonly isTTY: boolean;
  /** Width of the terminal at this moment, 80 without one. */
  readonly columns: number;
  /** Its height, 24 without one. */
  readonly rows: number;
  write(text: string): Promise<void>;
}

/** What a command gets from the command line and from the process. */
export interface Context<O extends Options = Options> {
  readonly values: Values<O>;
  readonly positionals: readonly string[];
  /** `--json` was given: standard output is for machines, one JSON text a line. */
  readonly json: boolean;
  /** `--redis URL`, else `$REDIS_URL`, else redis://localhost:6379. */
  readonly redisUrl: string;
  /** Aborts at Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Writes a line to standard output; control characters become spaces. */
  print(line: string): Promise<void>;
  /** Writes a value as one line of JSON to standard output. */
  printJson(value: unknown): Promise<void>;
  /** Writes a line to standard error: for what is not a result. */
  warn(line: string): Promise<void>;
  /** The database of `redisUrl`, which is closed when the command ends. */
  connect(): Promise<DataStore>;
}

/** One subcommand; its name and its line in `nxlive --help` stand in the list (commands.ts). */
export interface Command<O extends Options = Options> {
  /** Positional arguments as the usage line shows them, such as `FILE[::PATH]`. */
  readonly usage: string;
  /** What it does, in paragraphs, for `nxlive NAME --help`. */
  readonly help: string;
  /** Its own options; `--redis`, `--json`, `--debug` and `--help` are added. */
  readonly options: O;
  /** Least and largest number of positional arguments; [0, 0] when absent. */
  readonly positionals?: readonly [least: number, most: number];
  /** False: it needs no database, and `--redis` is unknown to it. */
  readonly redis?: boolean;
  /** False: it has no machine-readable form, and `--json` is unknown to it. */
  readonly json?: boolean;
  /** The answer is the exit code: 0 when all went well, 1 when something failed. Throwing an error is 1 too. */
  run(context: Context<O>): Promise<number>;
}

/** Defines a command, so that `context.values` has the types of its options. */
export function command<const O extends Options>(definition: Command<O>): Command {
  return definition;
}

/** A wrong use of the command line: exit code 2, and a hint at the help. */
export class UsageError extends Error {}

/** A number given on the command line. */
export function numberOf(text: string, option: string, least = 0): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < least) {
    throw new UsageError(`${option} takes a number from ${least}, not ${JSON.stringify(text)}`);
  }
  return value;
}
