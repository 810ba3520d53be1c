#!/usr/bin/env node
import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { isNxliveError, messageOf, type NxliveError } from "../errors.js";
import type { DataStore } from "../scan/store.js";
import { type Command, type Context, type Output, UsageError } from "./command.js";
import { COMMANDS, type Entry } from "./commands.js";
import { commandHelp, generalHelp, optionsOf } from "./help.js";
import { oneLine } from "./one-line.js";
import { outputOf } from "./output.js";

const DEFAULT_URL = "redis://localhost:6379";

const stdout = outputOf(process.stdout, (error) => {
  // A reader that has gone away ends the process quietly, as `| head` wants it.
  if (error.code === "EPIPE") process.exit(0);
  process.stderr.write(`nxlive: cannot write the output: ${error.message}\n`, () => process.exit(1));
});
// Messages and logs that nobody can read any more disturb nothing: a service works on.
const stderr = outputOf(process.stderr, () => {});

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--version") {
    await stdout.write(`nxlive ${version()}\n`);
    return 0;
  }
  if (name === "--help" || name === "-h" || (name === "help" && rest.length === 0)) {
    await stdout.write(generalHelp());
    return 0;
  }
  const wanted = name === "help" ? rest[0] : name;
  const entry = COMMANDS.find((known) => known.name === wanted);
  if (entry === undefined) {
    await stderr.write(
      wanted === undefined ? generalHelp() : `nxlive: there is no command ${wanted}; see nxlive --help\n`,
    );
    return 2;
  }
  const interruption = interruptions();
  try {
    return await runCommand(entry, name === "help" ? ["--help"] : rest, interruption.signal);
  } catch (error) {
    await stderr.write(`${describe(entry.name, error, rest.includes("--debug"), interruption.signal)}\n`);
    return isWrongUse(error) ? 2 : 1;
  } finally {
    interruption.end();
  }
}

async function runCommand(entry: Entry, args: readonly string[], signal: AbortSignal): Promise<number> {
  const command = await entry.load();
  const { values, positionals } = parse(command, args);
  if (values.help === true) {
    await stdout.write(commandHelp(entry.name, command));
    return 0;
  }
  const [least, most] = command.positionals ?? [0, 0];
  if (positionals.length < least) throw new UsageError(`${command.usage} is missing`);
  if (positionals.length > most) throw new UsageError(`unexpected argument ${positionals[most]}`);
  const stores: DataStore[] = [];
  try {
    return await command.run(contextOf(values, positionals, signal, stores));
  } finally {
    for (const store of stores) await store.close();
  }
}

type Parsed = ReturnType<typeof parseArgs>;

function parse(command: Command, args: readonly string[]): Parsed {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const [name, { type, short, multiple }] of Object.entries(optionsOf(command))) {
    options[name] = { type, ...(short && { short }), ...(multiple && { multiple }) };
  }
  try {
    return parseArgs({ args: joinNegative(args, options), options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(messageOf(error).split(". ")[0]?.replaceAll("\n", " ").replace(/\.$/, "") ?? "");
  }
}

/** `--slice -3:` as `--slice=-3:`: parseArgs would take the number for another option. */
function joinNegative(args: readonly string[], options: NonNullable<ParseArgsConfig["options"]>): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1) ?? "";
    const takesIt = before.startsWith("--") && options[before.slice(2)]?.type === "string";
    if (takesIt && /^-\d/.test(arg)) joined[joined.length - 1] = `${before}=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

function contextOf(
  values: Parsed["values"],
  positionals: readonly string[],
  signal: AbortSignal,
  stores: DataStore[],
): Context {
  const redisUrl = typeof values.redis === "string" ? values.redis : process.env.REDIS_URL || DEFAULT_URL;
  const line = (output: Output) => (text: string) => output.write(`${oneLine(text)}\n`);
  return {
    values: values as Context["values"],
    positionals,
    json: values.json === true,
    redisUrl,
    signal,
    stdout,
    stderr,
    print: line(stdout),
    printJson: (value) => stdout.write(`${JSON.stringify(value)}\n`),
    warn: line(stderr),
    async connect() {
      const { DataStore } = await import("../scan/store.js");
      const store = await DataStore.connect(redisUrl, { signal });
      stores.push(store);
      return store;
    },
  };
}

/** Ctrl-C and SIGTERM abort the signal once; the second one ends the process at once. */
function interruptions(): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // commands hand it to as many calls at once as they like
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Error("interrupted"));
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    end: () => void process.off("SIGINT", onSignal).off("SIGTERM", onSignal),
  };
}

function isWrongUse(error: unknown): boolean {
  const codes = ["ERR_INVALID_ARGUMENT", "ERR_CONFIGURATION"];
  return error instanceof UsageError || codes.some((code) => isNxliveError(error, code));
}

function describe(name: string, error: unknown, debug: boolean, signal: AbortSignal): string {
  if (debug && error instanceof Error) return `nxlive ${name}: ${error.stack}`;
  if (signal.aborted) return `nxlive ${name}: interrupted`;
  if (error instanceof UsageError) return `nxlive ${name}: ${error.message}; see nxlive ${name} --help`;
  const code = isNxliveError(error) ? ` [${(error satisfies NxliveError).code}]` : "";
  return `nxlive ${name}: ${oneLine(messageOf(error))}${code}`;
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
