import { createReadStream } from "node:fs";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { messageOf } from "../errors.js";
import type { Arg } from "./connection.js";
import { CaptureError } from "./errors.js";

/** What a capture holds between two moments: one command, or all of a MULTI … EXEC group with both of them. */
export interface CaptureStep {
  /** Line of the first command, from 1. */
  readonly line: number;
  /** Seconds since the recording began. */
  readonly time: number;
  readonly commands: readonly (readonly Arg[])[];
}

/**
 * Reads a capture of a publisher's write commands (JSON lines `{"t": seconds, "args": [text or {"b64": …}, …]}`, gzipped
 * when the name ends in .gz) step by step.
 *
 * @throws {CaptureError} for a file that cannot be read, a malformed line, a group without end, or no command at all.
 */
export async function* readCapture(path: string): AsyncGenerator<CaptureStep> {
  let group: { line: number; time: number; commands: Arg[][] } | undefined;
  let empty = true;
  for await (const { text, line } of linesOf(path)) {
    const fail = (what: string) => new CaptureError(`${path}, line ${line}: ${what}.`, { path });
    const { time, args } = parseLine(text, fail);
    const name = String(args[0]).toUpperCase();
    empty = false;
    if (name === "MULTI" && group !== undefined) throw fail(`MULTI inside the group of line ${group.line}`);
    if (name === "EXEC" && group === undefined) throw fail("EXEC without MULTI");
    if (name === "MULTI") group = { line, time, commands: [] };
    if (group === undefined) yield { line, time, commands: [args] };
    else group.commands.push(args);
    if (name === "EXEC" && group !== undefined) {
      yield group;
      group = undefined;
    }
  }
  if (group !== undefined)
    throw new CaptureError(`${path}, line ${group.line}: MULTI without EXEC.`, { path });
  if (empty) throw new CaptureError(`${path} holds no commands.`, { path });
}

async function* linesOf(path: string): AsyncGenerator<{ text: string; line: number }> {
  const file = createReadStream(path);
  // The callback only keeps pipeline from throwing: errors reach the reader of `input`.
  const input: Readable = path.endsWith(".gz") ? pipeline(file, createGunzip(), () => undefined) : file;
  const decoder = new TextDecoder();
  let rest = "";
  let line = 0;
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      const texts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = texts.pop() ?? "";
      for (const text of texts) {
        line++;
        if (text.trim() !== "") yield { text, line };
      }
    }
  } catch (error) {
    throw new CaptureError(`Cannot read the capture ${path}: ${messageOf(error)}.`, { path, cause: error });
  } finally {
    file.destroy();
  }
  if (rest.trim() !== "") yield { text: rest, line: line + 1 };
}

function parseLine(text: string, fail: (what: string) => CaptureError): { time: number; args: Arg[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fail("not a JSON text");
  }
  if (!isRecord(value)) throw fail('not an object {"t": …, "args": […]}');
  const { t, args } = value;
  if (typeof t !== "number" || t < 0) throw fail('"t" is not a number of seconds');
  if (!Array.isArray(args) || args.length === 0) throw fail('"args" is not a list of words');
  const words = args.map((arg: unknown, i) =>
    parseArg(arg, () => fail(`argument ${i} is neither a text nor {"b64": …}`)),
  );
  if (typeof words[0] !== "string" || words[0] === "") throw fail("the command has no name");
  return { time: t, args: words };
}

function parseArg(arg: unknown, fail: () => CaptureError): Arg {
  if (typeof arg === "string") return arg;
  const encoded = isRecord(arg) ? arg.b64 : undefined;
  if (typeof encoded !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(encoded) || encoded.length % 4 !== 0)
    throw fail();
  return Buffer.from(encoded, "base64");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
