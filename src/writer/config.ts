import { readFile } from "node:fs/promises";
import { delimiter } from "node:path";
import type { ValidateFunction } from "ajv/dist/2020.js";
import { messageOf } from "../errors.js";
import { explain, listProblems } from "../mapping/schema/explain.js";
import { newAjv, readSchema } from "../schemas.js";
import { ConfigurationError } from "./errors.js";
import { DEFAULT_CONFIG, SETTINGS, type Setting, type WriterConfig } from "./settings.js";

/** What parseArgs gives for the flags of SETTINGS. */
export type FlagValues = Readonly<
  Record<string, string | boolean | readonly (string | boolean)[] | undefined>
>;

export interface ConfigSources {
  /** Path of a configuration file. */
  readonly file?: string | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly flags?: FlagValues;
}

/**
 * Puts a writer's configuration together: flags win over environment variables, these over the file, the file over the
 * defaults. Each source is checked with the schema.
 *
 * @throws {ConfigurationError} that names the source, the key, what was found and what was expected.
 */
export async function loadConfig(sources: ConfigSources): Promise<WriterConfig> {
  const { file, environment = {}, flags = {} } = sources;
  const fromFile = file === undefined ? {} : await readConfigFile(file);
  const fromEnvironment = collect((setting) => {
    const text = environment[setting.environment];
    if (text === undefined || text === "") return undefined;
    return convert(setting, setting.kind === "list" ? text.split(delimiter).filter(Boolean) : text);
  });
  const fromFlags = collect((setting) => {
    const value = flags[setting.flag];
    return value === undefined ? undefined : convert(setting, value);
  });
  return {
    ...DEFAULT_CONFIG,
    ...checked(fromFile, `The configuration file ${file}`),
    ...checked(fromEnvironment, "The environment", (key) => settingOf(key)?.environment),
    ...checked(fromFlags, "The command line", (key) => flagText(settingOf(key))),
  };
}

async function readConfigFile(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    throw new ConfigurationError(`Cannot read the configuration file ${file}: ${messageOf(cause)}`, {
      path: file,
      cause,
    });
  }
}

function collect(lookUp: (setting: Setting) => unknown): Record<string, unknown> {
  const found = SETTINGS.map((setting) => [setting.key, lookUp(setting)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

/** Texts become what the schema can judge; what is no number stays text, and is refused there. */
function convert({ kind }: Setting, value: unknown): unknown {
  if (kind === "number" && typeof value === "string" && /^-?\d+$/.test(value)) return Number(value);
  return value;
}

function checked(
  config: unknown,
  source: string,
  nameOf: (key: string) => string | undefined = (key) => key,
): Partial<WriterConfig> {
  validator ??= newAjv({ allErrors: true, verbose: true }).compile(readSchema("writer-config"));
  const valid = validator;
  if (isConfig(config, valid)) return config;
  const problems = explain(valid.errors ?? []).map(({ at, message }) => {
    const key = /^\w*/.exec(at)?.[0] ?? "";
    return { at: (nameOf(key) ?? key) + at.slice(key.length), message };
  });
  throw new ConfigurationError(`${source} is not valid: ${listProblems(problems)}.`);
}

let validator: ValidateFunction | undefined;

function isConfig(value: unknown, validate: ValidateFunction): value is Partial<WriterConfig> {
  return validate(value) === true;
}

function settingOf(key: string): Setting | undefined {
  return SETTINGS.find((setting) => setting.key === key);
}

function flagText(setting: Setting | undefined): string | undefined {
  return setting && `--${setting.flag}`;
}
