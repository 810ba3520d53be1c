import { createHash } from "node:crypto";
import { basename } from "node:path";

/** Longer names would not leave room for what is added (file systems take 255 bytes). */
const LONGEST = 200;
/** Process, time. */
const END = /^\d+\.[0-9a-z]+\.tmp$/;

/** The name, in the same folder, under which a file is made until it is complete. */
export function temporaryName(path: string): string {
  return `${beginning(path)}${process.pid}.${Date.now().toString(36)}.tmp`;
}

/** True for a name that some process has made a file under. */
export function isTemporaryName(name: string, path: string): boolean {
  const start = beginning(path);
  return name.startsWith(start) && END.test(name.slice(start.length));
}

function beginning(path: string): string {
  const name = basename(path);
  if (Buffer.byteLength(name) <= LONGEST) return `.${name}.`;
  return `.${createHash("sha1").update(name).digest("hex")}.`;
}
