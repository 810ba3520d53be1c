import { isNxliveError } from "../errors.js";
import { childPath, splitPath } from "../mapping/paths.js";
import type { SignalOption } from "../stream/reading.js";
import type { FileCore } from "./core.js";
import type { Dataset } from "./dataset.js";
import { textAttribute } from "./entries.js";
import { WrongKindError } from "./errors.js";

/** Groups that name each other as default are followed this far. */
const MAX_DEPTH = 8;

/**
 * The dataset that a group stands for: the one that its NeXus attribute `signal` names, else its member `data`, else
 * `value`, else what its attribute `default` leads to.
 * https://manual.nexusformat.org/datarules.html#find-plottable-data
 */
export async function signalOf(core: FileCore, group: string, options: SignalOption = {}): Promise<Dataset> {
  return signalIn(core, await core.version(options), group, options, 0);
}

async function signalIn(
  core: FileCore,
  version: number,
  group: string,
  options: SignalOption,
  depth: number,
): Promise<Dataset> {
  const { item } = await core.resolve(group, options);
  let missing = "";
  if (item.kind === "group") {
    const attributes = await item.attributes(options);
    for (const name of [textAttribute(attributes, "signal"), "data", "value"]) {
      const isName = name !== undefined && splitPath(name).length > 0;
      const found = isName ? await memberOf(core, version, childPath(group, name), options) : undefined;
      if (found?.kind === "dataset") return found;
    }
    const next = textAttribute(attributes, "default");
    if (next !== undefined && depth < MAX_DEPTH) {
      try {
        return await signalIn(core, version, childPath(group, next), options, depth + 1);
      } catch (error) {
        if (!isNxliveError(error, "ERR_PATH_NOT_FOUND")) throw error;
        missing = `; its default ${JSON.stringify(next)} is not there`;
      }
    }
  }
  const location = `${core.name}::${group}`;
  throw new WrongKindError(
    `${location} is a group without a default signal (attribute "signal", member "data" or "value"${missing}): name one of its datasets.`,
    { path: location },
  );
}

async function memberOf(core: FileCore, version: number, path: string, options: SignalOption) {
  try {
    return await core.open(path, version, options);
  } catch (error) {
    if (isNxliveError(error, "ERR_PATH_NOT_FOUND")) return undefined;
    throw error;
  }
}
