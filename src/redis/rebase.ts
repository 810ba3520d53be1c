import { InvalidArgumentError } from "../errors.js";
import type { Arg } from "./connection.js";
import { streamKey } from "./keys.js";

/** Moves a command's paths from one folder to another. */
export type Rebase = (command: readonly Arg[]) => readonly Arg[];

export interface PathMove {
  readonly from: string;
  readonly to: string;
}

const JSON_STRING = /"(?:[^"\\]|\\.)*"/g;

/**
 * Makes a function that replaces path prefixes in scan documents (JSON.SET) and in the events of their json streams, and
 * nothing else. A prefix counts where it stands as a path of its own: at the start of a text, or after a blank, quote or
 * `://`, and up to a `/` or the path's end.
 */
export function rebasing(moves: readonly PathMove[]): Rebase {
  for (const { from, to } of moves) {
    if (!from.startsWith("/") || !to.startsWith("/")) {
      throw new InvalidArgumentError(
        `A path prefix to replace and its replacement are absolute, not ${from}=${to}.`,
      );
    }
  }
  const movePaths = pathMover(moves);
  const jsonStreams = new Set<string>();
  return (command) => {
    const name = String(command[0]).toUpperCase();
    if (name === "JSON.SET") {
      const text = textOf(command[3] ?? "");
      for (const key of jsonStreamsOf(text)) jsonStreams.add(key);
      return [...command.slice(0, 3), moveInJson(text, movePaths), ...command.slice(4)];
    }
    if (name === "XADD" && jsonStreams.has(textOf(command[1] ?? ""))) {
      return command.map((arg, i) =>
        i > 1 && command[i - 1] === "payload" ? moveInJson(textOf(arg), movePaths) : arg,
      );
    }
    return command;
  };
}

/** Replaces in the strings of a JSON text; all else, also how numbers are written, stays as it is. */
function moveInJson(json: string, movePaths: (text: string) => string): string {
  return json.replace(JSON_STRING, (literal) => {
    const text = JSON.parse(literal) as string;
    const moved = movePaths(text);
    return moved === text ? literal : JSON.stringify(moved);
  });
}

function pathMover(moves: readonly PathMove[]): (text: string) => string {
  // The longest prefix first: of two nested ones the inner one counts.
  const targets = new Map(moves.map(({ from, to }) => [withoutSlash(from), withoutSlash(to)]));
  const prefixes = [...targets.keys()].sort((a, b) => b.length - a.length).map(escapeRegExp);
  if (prefixes.length === 0) return (text) => text;
  const pattern = new RegExp(
    `(?<=^|[\\s"'=,;:(\\[]|://)(?:${prefixes.join("|")})(?=$|[/\\s"',;:)\\]?#])`,
    "g",
  );
  return (text) => text.replace(pattern, (prefix) => targets.get(prefix) ?? prefix);
}

/** The parts of a scan document that matter here, if it is one. */
interface DocumentLike {
  readonly data_streams?: Readonly<Record<string, StreamLike | null>>;
}

interface StreamLike {
  readonly pk?: unknown;
  readonly encoding?: { readonly type?: unknown } | null | "";
}

function jsonStreamsOf(text: string): string[] {
  const document = JSON.parse(text) as DocumentLike | null;
  return Object.values(document?.data_streams ?? {}).flatMap((stream) =>
    stream?.encoding && stream.encoding.type === "json" ? [streamKey(String(stream.pk))] : [],
  );
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, "");
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function textOf(arg: Arg): string {
  return arg instanceof Uint8Array ? Buffer.from(arg).toString("utf8") : String(arg);
}
