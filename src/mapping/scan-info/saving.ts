import posix from "node:path/posix";
import { describe } from "../schema/explain.js";
import type { LayoutSource } from "../tree.js";
import { dictionaryAt, textAt } from "./info.js";

/** The values of `info.data_writer` that ask for a file: the process and the Tango flavour of the old writer. */
export const DATA_WRITERS: readonly string[] = ["external", "nexus"];

export type SaveDecision =
  | { readonly save: true; readonly file: string }
  | { readonly save: false; readonly reason: string };

/**
 * Whether a scan without a mapping is to be written, and where: `info.save` is true, `info.data_writer` is one of
 * `dataWriters`, and there is a file name. The reason is a sentence for logs and `nxlive map`.
 */
export function saveDecision(
  source: Pick<LayoutSource, "id" | "info">,
  dataWriters: readonly string[] = DATA_WRITERS,
): SaveDecision {
  const { save, data_writer: writer } = source.info;
  if (save !== true) return { save: false, reason: `info.save is ${shown(save)}, not true.` };
  if (typeof writer !== "string" || !dataWriters.includes(writer)) {
    return {
      save: false,
      reason: `info.data_writer is ${shown(writer)}, not ${dataWriters.map(shown).join(" or ")}.`,
    };
  }
  const file = scanFile(source);
  if (file === null)
    return { save: false, reason: "Neither info.filename nor the scan's path names a file." };
  return { save: true, file };
}

/**
 * The file of a scan: `info.filename` (else the identity's path). With `writer_options.separate_scan_files` the
 * file `bliss_master` in the scan's image folder: the components of `images_path` below the file's folder, up to the
 * first one with a placeholder such as `{img_acq_device}`.
 */
export function scanFile({ id, info }: Pick<LayoutSource, "id" | "info">): string | null {
  const file = textAt(info, "filename") ?? (id.path || null);
  const images = textAt(info, "images_path");
  if (file === null || images === undefined) return file;
  if (dictionaryAt(info, "writer_options").separate_scan_files !== true) return file;
  const folder = posix.dirname(file);
  const components = posix.relative(folder, images).split("/");
  const end = components.findIndex((component) => component.includes("{"));
  const kept = end < 0 ? components : components.slice(0, end);
  return posix.join(folder, ...kept, `bliss_master${posix.extname(file)}`);
}

/** A file as it is named in another one: relative when it lies below that one's folder, else as published. */
export function nameBelow(file: string, holder: string): string {
  const relative = posix.relative(posix.dirname(holder), file);
  return relative === "" || relative === ".." || relative.startsWith("../") || posix.isAbsolute(relative)
    ? file
    : relative;
}

function shown(value: unknown): string {
  return value === undefined ? "missing" : describe(value);
}
