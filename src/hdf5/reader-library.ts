import { closeSync } from "node:fs";
import { messageOf } from "../errors.js";
import { Hdf5Error } from "./errors.js";

/** How h5wasm describes a type (`Metadata` of its low-level module), with what is used here. */
export interface H5Type {
  readonly type: number;
  readonly size: number;
  readonly signed: boolean;
  readonly littleEndian: boolean;
  readonly vlen: boolean;
  readonly strpad?: number;
  readonly shape?: readonly number[] | null;
  readonly ref_type?: "object" | "region";
  readonly compound_type?: {
    readonly members: readonly (H5Type & { readonly name: string; readonly offset: number })[];
  };
  readonly array_type?: H5Type & { readonly shape: readonly number[] };
  readonly vlen_type?: H5Type;
  readonly enum_type?: { readonly members: Readonly<Record<string, number>> };
}

export interface H5Metadata extends H5Type {
  readonly shape: readonly number[] | null;
  readonly maxshape: readonly number[] | null;
  readonly chunks: readonly number[] | null;
  readonly virtual_sources?: readonly { readonly file_name: string; readonly dset_name: string }[];
}

/** As text, or as its bytes in the file. */
export type AttributeName = string | Uint8Array;

/** The part of h5wasm's low-level module that is used here. Ids are int64; failures are negative numbers or null. */
export interface H5Library {
  readonly HEAPU8: Uint8Array;
  readonly H5F_ACC_RDONLY: number;
  /** To be read while it is written (single writer, multiple readers). */
  readonly H5F_ACC_SWMR_READ: number;
  readonly FS: { readonly streams: readonly ({ readonly nfd?: number } | null | undefined)[] };
  _malloc(size: number): number;
  _free(pointer: number): void;
  UTF8ToString(pointer: number): string;
  activate_throwing_error_handler(): number;
  insert_plugin_search_path(path: string, index: number): number;
  open(path: string, mode: number, trackOrder: boolean, low: number, high: number): bigint;
  close_file(file: bigint): number;
  get_type(file: bigint, path: string): number;
  get_symbolic_link(file: bigint, path: string): string | null;
  get_external_link(file: bigint, path: string): { filename?: string; obj_path?: string };
  get_names(file: bigint, path: string, recursive: boolean): string[] | null;
  get_attribute_names(file: bigint, path: string): string[] | null;
  get_attribute_metadata(file: bigint, path: string, name: AttributeName): H5Metadata | null;
  get_attribute_data(file: bigint, path: string, name: AttributeName, pointer: bigint): number;
  get_dataset_metadata(file: bigint, path: string): H5Metadata | null;
  get_dataset_filters(file: bigint, path: string): { id: number; cd_values: number[] }[] | null;
  get_dataset_data(
    file: bigint,
    path: string,
    count: readonly bigint[] | null,
    offset: readonly bigint[] | null,
    stride: readonly bigint[] | null,
    pointer: bigint,
  ): number;
  reclaim_vlen_memory(file: bigint, path: string, attribute: AttributeName, pointer: bigint): number;
  reclaim_vlen_memory_count(
    file: bigint,
    path: string,
    attribute: string,
    pointer: bigint,
    count: readonly bigint[],
  ): number;
  create_object_reference(file: bigint, path: string): Uint8Array;
  get_referenced_name(file: bigint, reference: Uint8Array, isObject: boolean): string | null;
}

/** One running HDF5 library, and the errors that it reported. */
export interface Hdf5Instance {
  readonly library: H5Library;
  /** Error stacks reported since the last `takeErrors`. */
  takeErrors(): string[];
}

let current: Promise<Hdf5Instance> | undefined;

/** The process's HDF5 library; started on first use, and again after a crash. */
export function hdf5Instance(): Promise<Hdf5Instance> {
  current ??= start();
  current.catch(() => {
    current = undefined;
  });
  return current;
}

/** Gives up a library that crashed inside WebAssembly: its memory cannot be trusted any more. */
export function discard(instance: Hdf5Instance): void {
  current = undefined;
  for (const stream of instance.library.FS.streams) {
    if (stream?.nfd !== undefined && stream.nfd > 2) {
      try {
        closeSync(stream.nfd);
      } catch {
        // closed by the library already
      }
    }
  }
}

interface FactoryOptions {
  readonly noInitialRun: boolean;
  /** Takes what the library would print. */
  readonly printErr: (text: string) => void;
}
type Factory = (options: FactoryOptions) => Promise<H5Library>;

/**
 * h5wasm's error handler throws through the C code, which leaks ids and ends in a crash; its default handler prints to
 * stderr. So the one function that throws is replaced by one that keeps the text, and HDF5 unwinds by itself.
 */
async function start(): Promise<Hdf5Instance> {
  const home = import.meta.resolve("h5wasm/node");
  const module: { default: Factory } = await import(new URL("./hdf5_util.js", home).href);
  const errors: string[] = [];
  let library: H5Library | undefined;
  const record = (text: number) => {
    if (library && errors.length < 100) errors.push(library.UTF8ToString(text));
  };
  const restore = prepareStart(record);
  try {
    library = await module.default({ noInitialRun: true, printErr: () => {} });
  } catch (error) {
    throw new Hdf5Error("ERR_HDF5_LIBRARY", `The HDF5 library did not start: ${messageOf(error)}.`, {
      cause: error,
    });
  } finally {
    restore();
  }
  library.activate_throwing_error_handler();
  const plugins = new URL("./plugins", import.meta.resolve("h5wasm-plugins"));
  library.insert_plugin_search_path(decodeURIComponent(plugins.pathname), 0);
  return { library, takeErrors: () => errors.splice(0) };
}

/** The global of Node that TypeScript describes only with the browser's library. */
const wasm: { instantiate: (...args: never[]) => unknown } = Reflect.get(globalThis, "WebAssembly");

/** A trap inside WebAssembly (or an abort of its run-time): the instance is lost. */
export function isCrash(error: unknown): boolean {
  return error instanceof Error && error.name === "RuntimeError";
}

interface WasmImports {
  readonly env?: Readonly<Record<string, unknown>>;
}

/**
 * For the moment of the start: hands our recorder to the library, and the environment that it shall see: raw files with
 * relative names lie beside the HDF5 file that names them, and plugins are h5wasm's, not native ones.
 */
function prepareStart(record: (text: number) => void): () => void {
  const instantiate = wasm.instantiate;
  const { HDF5_EXTFILE_PREFIX: prefix, HDF5_PLUGIN_PATH: plugins } = process.env;
  const withRecorder = (source: unknown, imports: WasmImports | undefined, ...rest: unknown[]): unknown => {
    const env = imports?.env;
    if (!env || !("throw_error" in env)) return Reflect.apply(instantiate, wasm, [source, imports, ...rest]);
    const recording = new Proxy(env, {
      get: (target, name) => (name === "throw_error" ? record : Reflect.get(target, name)),
    });
    return Reflect.apply(instantiate, wasm, [source, { ...imports, env: recording }, ...rest]);
  };
  wasm.instantiate = withRecorder;
  process.env.HDF5_EXTFILE_PREFIX = "$" + "{ORIGIN}"; // HDF5 replaces it by the folder of the file
  delete process.env.HDF5_PLUGIN_PATH;
  return () => {
    wasm.instantiate = instantiate;
    restoreVariable("HDF5_EXTFILE_PREFIX", prefix);
    restoreVariable("HDF5_PLUGIN_PATH", plugins);
  };
}

function restoreVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/** What HDF5 says in an error stack, deepest reason last: "unable to open file: …". */
export function reasonOf(errors: readonly string[]): string {
  const lines = errors.join("\n").split("\n");
  const reasons = lines.map((line) => /^ *#\d+: .* in \w+\(\): (.*)$/.exec(line)?.[1]).filter((text) => text);
  return reasons.at(-1) ?? lines.find((line) => line.trim() !== "") ?? "no reason given";
}
