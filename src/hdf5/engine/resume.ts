import { UnsupportedFileError } from "../errors.js";
import type { GrowingFile, Host } from "./growing.js";
import type { StoredObject } from "./object.js";

export async function resumeGrowing(_host: Host, _object: StoredObject, path: string): Promise<GrowingFile> {
  throw new UnsupportedFileError(`${path} cannot be resumed.`, { path });
}
