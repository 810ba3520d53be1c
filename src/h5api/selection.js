import { InvalidArgumentError } from "../errors.js";
import { resolveSelection } from "../ndarray/slice.js";
export function parseSlice(args) {
    const given = [...args];
    while (given.length > 0 && given.at(-1) === undefined)
        given.pop();
    const last = given.at(-1);
    const options = isOptions(last) ? last : {};
    if (isOptions(last))
        given.pop();
    const selections = given.map((selection) => requireSelection(selection ?? null));
    if (selections.length === 0)
        return { selections: [], options };
    if (selections.some((selection) => Array.isArray(selection)))
        return { selections, options };
    if (selections.length > 3) {
        throw new InvalidArgumentError("A slice of one axis has a start, a stop and a step; for more axes give each as [start, stop] or null.");
    }
    const [start = null, stop = null, step = null] = selections;
    return { selections: [[start, stop, step]], options };
}
function isOptions(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
function requireSelection(value) {
    if (value === null || typeof value === "number")
        return value;
    if (Array.isArray(value) && value.length <= 3)
        return value;
    throw new InvalidArgumentError(`A selection is a number, null or [start, stop, step], not ${JSON.stringify(value)}.`);
}
/**
 * How many points the first axis must have before a selection can be answered: a number, or the end of the stream when
 * it counts from there or goes up to it.
 */
export function pointsNeeded(selection) {
    if (selection === null)
        return "end";
    if (typeof selection === "number")
        return selection < 0 ? "end" : selection + 1;
    const [start, stop, step] = [selection[0], selection[1], selection[2] ?? 1];
    if ((start ?? 0) < 0 || (stop ?? 0) < 0)
        return "end";
    if (step < 0)
        return start === null ? "end" : stop !== null && stop >= start ? 0 : start + 1;
    if (stop === null)
        return "end";
    const first = start ?? 0;
    if (stop <= first)
        return 0;
    return first + Math.floor((stop - 1 - first) / Math.max(1, step)) * Math.max(1, step) + 1;
}
/** The selection on an array of this shape; `what` names the dataset in errors. */
export function resolveOn(selections, shape, what) {
    try {
        return resolveSelection(selections, shape);
    }
    catch (error) {
        if (!(error instanceof InvalidArgumentError))
            throw error;
        const index = error.index === undefined ? {} : { index: error.index };
        throw new InvalidArgumentError(`${what} of shape [${shape}]: ${error.message}`, {
            ...index,
            cause: error,
        });
    }
}
