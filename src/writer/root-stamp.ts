import type { Hdf5Writer } from "../hdf5/writer-api.js";
import { localIsoTime } from "../mapping/scan-info/index.js";
import type { RawArray } from "../ndarray/raw.js";
import { VERSION } from "../version.js";

/** The oldest release of the HDF5 library that reads all that this writer makes (virtual datasets came with it). */
const HDF5_VERSION = "1.10.0";

/** The root attribute that every file has once a scan was written to it. */
export const CREATION_STAMP = "file_time";

/**
 * The attributes that the writer adds to a file's root: once `HDF5_Version`, `nxlive_version` and `file_time`
 * (when the file was made), each time `file_update_time`.
 */
export async function stampRoot(hdf5: Hdf5Writer, now = new Date()): Promise<void> {
  const present = new Set(await hdf5.attributeNames("/"));
  const time = localIsoTime(now);
  const once: [string, string][] = [
    ["HDF5_Version", HDF5_VERSION],
    ["nxlive_version", VERSION],
    [CREATION_STAMP, time],
  ];
  const missing = once.filter(([name]) => !present.has(name));
  await hdf5.setAttributes(
    "/",
    new Map([...missing, ["file_update_time", time] as const].map(([name, value]) => [name, text(value)])),
  );
}

function text(value: string): RawArray {
  return { dtype: "str", shape: [], data: [value] };
}
