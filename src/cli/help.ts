import type { Command, Option, Options } from "./command.js";
import { COMMANDS } from "./commands.js";

const REDIS: Options = {
  redis: {
    type: "string",
    value: "URL",
    description: "the database (default: $REDIS_URL, else redis://localhost:6379)",
  },
};
const JSON_OUTPUT: Options = { json: { type: "boolean", description: "machine-readable output" } };
const ALWAYS: Options = {
  debug: { type: "boolean", description: "show where an error came from" },
  help: { type: "boolean", short: "h", description: "this text" },
};

/** A command's own options and those that all commands share. */
export function optionsOf({ options, redis = true, json = true }: Command): Options {
  return { ...options, ...(redis && REDIS), ...(json && JSON_OUTPUT), ...ALWAYS };
}

/** The text of `nxlive --help`. */
export function generalHelp(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const commands = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: nxlive COMMAND [arguments] [options]

Live acquisition data (blissdata on Redis) as HDF5.

Commands:
${commands.join("\n")}

nxlive COMMAND --help tells more about one, nxlive --version which nxlive this is.
The database is --redis URL, else $REDIS_URL, else redis://localhost:6379.
Exit codes: 0 all well, 1 something failed, 2 wrong use.
`;
}

/** The text of `nxlive NAME --help`. */
export function commandHelp(name: string, command: Command): string {
  const options = Object.entries(optionsOf(command)).map(([long, option]) => [
    optionHead(long, option),
    option.description,
  ]);
  const width = Math.max(...options.map(([head = ""]) => head.length));
  const lines = options.map(([head = "", description]) => `  ${head.padEnd(width)}  ${description}`);
  const usage = ["nxlive", name, command.usage, "[options]"].filter((word) => word !== "").join(" ");
  return `Usage: ${usage}\n\n${command.help.trim()}\n\nOptions:\n${lines.join("\n")}\n`;
}

function optionHead(long: string, option: Option): string {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  return `${short}--${long}${option.type === "string" ? ` ${option.value ?? "VALUE"}` : ""}`;
}
