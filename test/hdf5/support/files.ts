import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll } from "vitest";
import type { DType } from "../../../src/ndarray/dtype.js";
import type { RawArray } from "../../../src/ndarray/raw.js";
import { spawnPython } from "../../support/python.js";

/** A folder of this test file, removed after it; gives paths in it. */
export function temporaryFolder(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), "nxlive-hdf5-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (name) => join(folder, name);
}

export interface Seen {
  readonly kind: "group" | "dataset" | "soft_link" | "external_link";
  readonly attributes: Readonly<Record<string, SeenArray>>;
  readonly children: readonly string[];
  readonly dtype: DType;
  readonly shape: readonly number[] | null;
  readonly value: unknown;
  readonly maxshape: readonly (number | null)[] | null;
  readonly chunks: readonly number[] | null;
  readonly gzip: number | null;
  readonly shuffle: boolean;
  readonly virtual: boolean;
  readonly target: string;
  readonly file: string;
  readonly path: string;
}

export interface SeenArray {
  readonly dtype: DType;
  readonly shape: readonly number[] | null;
  readonly value: unknown;
}

/** A whole file as h5py sees it. */
export class Dump {
  readonly items: Readonly<Record<string, Seen>>;

  constructor(items: Readonly<Record<string, Seen>>) {
    this.items = items;
  }

  get paths(): string[] {
    return Object.keys(this.items);
  }

  at(path: string): Seen {
    const item: Seen | undefined = new Map(Object.entries(this.items)).get(path);
    if (!item) throw new Error(`h5py sees nothing at ${path}: ${this.paths.slice(0, 50).join(" ")}`);
    return item;
  }

  /** The value of an attribute; undefined when there is none. */
  attribute(path: string, name: string): unknown {
    return new Map(Object.entries(this.at(path).attributes)).get(name)?.value;
  }
}

export async function dump(path: string): Promise<Dump> {
  return new Dump(JSON.parse(await h5py(path, "print(json.dumps(dump(path)))")) as Record<string, Seen>);
}

/** Runs statements in Python with h5py, numpy and `path`; gives what they print. One Python serves a whole test file. */
export async function h5py(path: string, statements: string): Promise<string> {
  peer ??= startPeer();
  const { ask, answers } = peer;
  const turn = last.then(async () => {
    ask(`${JSON.stringify({ path, statements })}\n`);
    const { value } = await answers.next();
    const { out, error } = JSON.parse(String(value)) as { out?: string; error?: string };
    if (error !== undefined) throw new Error(error);
    return (out ?? "").trim();
  });
  last = turn.catch(() => undefined);
  return await turn;
}

interface Peer {
  ask(line: string): void;
  readonly answers: AsyncIterator<string>;
  end(): void;
}

let peer: Peer | undefined;
let last: Promise<unknown> = Promise.resolve();
afterAll(() => peer?.end());

function startPeer(): Peer {
  const child = spawnPython([fileURLToPath(new URL("peer.py", import.meta.url))]);
  const lines = createInterface({ input: child.stdout });
  return {
    ask: (line) => void child.stdin.write(line),
    answers: lines[Symbol.asyncIterator](),
    end: () => void child.stdin.end(),
  };
}

/** True when a program of the HDF5 tools is installed; tests that need one say so when they are skipped. */
export async function hasTool(name: "h5dump" | "h5repack"): Promise<boolean> {
  return await promisify(execFile)(name, ["--version"]).then(
    () => true,
    () => false,
  );
}

export async function run(program: string, args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(program, args, { maxBuffer: 2 ** 28 })).stdout;
}

/** As `dump` shows an array's value. */
export function shown(array: RawArray): unknown {
  if (array.shape === null) return null;
  if (array.data instanceof Uint8Array) return Buffer.from(array.data).toString("hex");
  if (typeof array.dtype === "string") return array.data;
  const columns = array.data as readonly RawArray[];
  return Object.fromEntries(
    array.dtype.map(([name], i) => [name, columns[i] ? shown(columns[i]) : undefined]),
  );
}

export function text(value: string): RawArray {
  return { dtype: "str", shape: [], data: [value] };
}

export function doubles(values: readonly number[], shape: readonly number[] = [values.length]): RawArray {
  return { dtype: "<f8", shape, data: bytesOf(Float64Array.from(values)) };
}

export function range(start: number, count: number): Uint8Array {
  return bytesOf(Float64Array.from({ length: count }, (_, i) => start + i));
}

export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
