import { NdArray } from "../ndarray/ndarray.js";
/** The text of a scalar string attribute, or of the only element of an array. */
export function textAttribute(attributes, name) {
    const raw = attributes.get(name);
    if (!raw || raw.shape === null)
        return undefined;
    const array = NdArray.fromRaw(raw);
    const value = array.size === 1 ? array.flat(0) : undefined;
    return typeof value === "string" ? value : undefined;
}
/**
 * The entry of a root group that paths without one mean: its NeXus attribute `default`, else the newest: the highest
 * scan number with its lowest part (`12.1` before `12.2` and `9.1`), else the last name.
 */
export async function defaultEntryOf(root, child, options = {}) {
    const chosen = textAttribute(await root.attributes(options), "default")?.replace(/^\/+|\/+$/g, "");
    if (chosen && (await child(chosen)))
        return chosen;
    const names = await root.names(options);
    return newestNumbered(names) ?? names.at(-1);
}
function newestNumbered(names) {
    let newest;
    for (const name of names) {
        const match = /^(\d+)\.(\d+)$/.exec(name);
        if (!match)
            continue;
        const [scan, part] = [Number(match[1]), Number(match[2])];
        if (!newest || scan > newest.scan || (scan === newest.scan && part < newest.part))
            newest = { name, scan, part };
    }
    return newest?.name;
}
