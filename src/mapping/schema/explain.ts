import type { ErrorObject } from "ajv";
import { isJsonObject, JsonDecimal } from "../../json.js";

/** What is wrong with a document, and where: `id.number`, `files[0].name`; empty for the document itself. */
export interface Problem {
  readonly at: string;
  readonly message: string;
}

/** Ajv's errors in words: what was found, what was expected. */
export function explain(errors: readonly ErrorObject[]): Problem[] {
  const problems = new Map<string, Problem>();
  for (const error of relevant(errors)) {
    const at = dotted(error.instancePath);
    const message = sentence(error);
    problems.set(`${at}\n${message}`, { at, message });
  }
  return [...problems.values()];
}

/** One line per problem. */
export function listProblems(problems: readonly Problem[]): string {
  return problems.map(({ at, message }) => (at === "" ? message : `${at}: ${message}`)).join("; ");
}

/** The value in a few words, for messages: short values as they are, large ones by what they are. */
export function describe(value: unknown): string {
  if (typeof value === "string")
    return value.length > 60 ? `${JSON.stringify(value.slice(0, 57))}…` : JSON.stringify(value);
  if (value instanceof JsonDecimal) return value.value.toFixed(1);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (isJsonObject(value)) {
    if (typeof value.type === "string") return `an object of type ${describe(value.type)}`;
    const names = Object.keys(value);
    if (names.length === 0) return "an empty object";
    return `an object with ${names
      .slice(0, 3)
      .map((name) => JSON.stringify(name.slice(0, 30)))
      .join(", ")}${names.length > 3 ? ", …" : ""}`;
  }
  return value === undefined ? "nothing" : String(value);
}

/** `/files/0/name` as `files[0].name`. */
function dotted(pointer: string): string {
  let text = "";
  for (const part of pointer.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (/^\d+$/.test(name)) text += `[${name}]`;
    else if (/^[\w-]+$/.test(name)) text += text === "" ? name : `.${name}`;
    else text += `[${JSON.stringify(name)}]`;
  }
  return text;
}

/**
 * Errors worth telling: of the alternatives of a union only what is wrong inside of the value; where it is the value itself,
 * that none of them fits.
 */
function relevant(errors: readonly ErrorObject[]): ErrorObject[] {
  const unions = errors.filter(({ keyword }) => keyword === "anyOf");
  const within = errors.filter((error) => !unions.some((union) => union.instancePath === error.instancePath));
  const unfit = unions.filter(
    (union) => !within.some((error) => isWithin(error.instancePath, union.instancePath)),
  );
  return [...within, ...unfit];
}

function isWithin(pointer: string, outer: string): boolean {
  return pointer.startsWith(`${outer}/`);
}

function sentence(error: ErrorObject): string {
  const { keyword, params, data } = error;
  if (keyword === "required") {
    const name = String(params.missingProperty);
    return `"${name}" is missing${expectation(propertySchema(error, name), ": expected ")}`;
  }
  if (keyword === "additionalProperties") return `unknown field "${String(params.additionalProperty)}"`;
  if (keyword === "enum") {
    const allowed = params.allowedValues as readonly unknown[];
    return `expected one of ${allowed.map((value) => String(value)).join(", ")}, found ${describe(data)}`;
  }
  const expected = expectation(error.parentSchema, "expected ");
  return `${expected || (error.message ?? "not as expected")}, found ${describe(data)}`;
}

function expectation(schema: unknown, before: string): string {
  if (!isJsonObject(schema)) return "";
  if (typeof schema.description === "string") return before + lowerFirst(firstSentence(schema.description));
  return "";
}

function propertySchema(error: ErrorObject, name: string): unknown {
  const properties = isJsonObject(error.parentSchema) ? error.parentSchema.properties : undefined;
  return isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
}

function firstSentence(text: string): string {
  return text.replace(/[.;] .*$/s, "").replace(/\.$/, "");
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
