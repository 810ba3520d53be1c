import { isNxliveError } from "../errors.js";
import { childPath, splitPath } from "../mapping/paths.js";
import { textAttribute } from "./entries.js";
import { WrongKindError } from "./errors.js";
/** Groups that name each other as default are followed this far. */
const MAX_DEPTH = 8;
/**
 * The dataset that a group stands for: the one that its NeXus attribute `signal` names, else its member `data`, else
 * `value`, else what its attribute `default` leads to.
 * https://manual.nexusformat.org/datarules.html#find-plottable-data
 */
export async function signalOf(core, group, options = {}, depth = 0) {
    const { item } = await core.locate(group, options);
    if (item.kind === "group") {
        const attributes = await item.attributes(options);
        for (const name of [textAttribute(attributes, "signal"), "data", "value"]) {
            const found = name === undefined ? undefined : await memberOf(core, group, name, options);
            if (found?.kind === "dataset")
                return found;
        }
        const next = textAttribute(attributes, "default");
        if (next !== undefined && depth < MAX_DEPTH)
            return signalOf(core, childPath(group, next), options, depth + 1);
    }
    const location = `${core.name}::${group}`;
    throw new WrongKindError(`${location} is a group without a default signal (attribute "signal", member "data" or "value"): name one of its datasets.`, { path: location });
}
async function memberOf(core, group, name, options) {
    if (splitPath(name).length === 0)
        return undefined;
    try {
        return await core.open(childPath(group, name), options);
    }
    catch (error) {
        if (isNxliveError(error, "ERR_PATH_NOT_FOUND"))
            return undefined;
        throw error;
    }
}
