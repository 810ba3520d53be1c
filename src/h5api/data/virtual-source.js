import { decodeNumbers } from "../../ndarray/decode.js";
import { requireNumeric, sizeOfShape } from "../../ndarray/dtype.js";
import { NdArray } from "../../ndarray/ndarray.js";
import { wholeAxis } from "../../ndarray/take.js";
import { axesOf, covering, overlap } from "./hyperslab.js";
/**
 * A virtual dataset, read through its sources as they are now. As in HDF5, the fill value (0 without one) stands where
 * a source is missing or shorter than declared. Only the selected part of each source is read.
 */
export function virtualSource(node, find) {
    return {
        dtype: node.dtype,
        maxshape: node.maxshape ?? node.shape,
        chunks: null,
        shape: async () => node.shape,
        async read(ranges, options = {}) {
            const result = filled(node, ranges.map((range) => range.count));
            for (const source of node.sources) {
                options.signal?.throwIfAborted();
                await copySource(source, ranges, result, { find, options });
            }
            return result;
        },
    };
}
function filled(node, shape) {
    const bytes = new Uint8Array(sizeOfShape(shape) * requireNumeric(node.dtype).itemsize);
    const data = decodeNumbers(bytes, nativeType(node.dtype));
    if (node.fill !== undefined)
        fillWith(data, node.fill);
    return new NdArray(data, shape, node.dtype);
}
function nativeType(dtype) {
    return { ...requireNumeric(dtype), bigEndian: false };
}
function fillWith(data, value) {
    if (data instanceof BigInt64Array || data instanceof BigUint64Array)
        data.fill(BigInt(Math.trunc(value)));
    else
        data.fill(value);
}
async function copySource(source, ranges, result, { find, options }) {
    const from = axesOf(source.source);
    const target = axesOf(source.target);
    // For each axis of the result: which indices come from this source, and from which of its indices.
    const wanted = target.map((indices, axis) => overlap(ranges[axis] ?? wholeAxis(0), indices));
    if (wanted.some(({ result }) => result.length === 0))
        return;
    const data = await find(source.file, source.dataset, options);
    const shape = await data?.shape(options);
    if (!data || !shape || shape.length !== from.length)
        return;
    const pairs = pairAxes(target, from);
    if (!pairs) {
        await copyRearranged(data, { from, target, shape, wanted }, result, options);
        return;
    }
    const places = from.map((indices, axis) => ({ indices, length: shape[axis] ?? 0 }));
    const taken = takenIndices(pairs, wanted, places);
    if (!taken)
        return;
    const covers = taken.source.map(covering);
    const array = await data.read(covers.map(({ range }) => range), options);
    const at = covers.map((cover) => cover.at);
    scatter(array, result, pairs.map(({ axis }) => axis), taken.result, at);
}
/** Selections of different shapes go together element by element, in C order: the source's is read as a whole. */
async function copyRearranged(data, { from, target, shape, wanted }, result, options) {
    if (from.some((indices, axis) => indices.some((index) => index >= (shape[axis] ?? 0))))
        return;
    const covers = from.map(covering);
    const array = await data.read(covers.map(({ range }) => range), options);
    const { itemsize } = requireNumeric(result.dtype);
    const sizes = from.map((indices) => indices.length);
    const numbers = decodeNumbers(new Uint8Array(sizeOfShape(sizes) * itemsize), nativeType(result.dtype));
    const picked = new NdArray(numbers, sizes, result.dtype);
    const all = sizes.map((size) => Array.from({ length: size }, (_, i) => i));
    scatter(array, picked, sizes.map((_, axis) => axis), all, covers.map(({ at }) => at));
    const arranged = new NdArray(numbers, target.map((indices) => indices.length), result.dtype);
    scatter(arranged, result, target.map((_, axis) => axis), wanted.map(({ result: places }) => places), wanted.map(({ selection }) => selection));
}
/** Which axis of the source runs along which of the target; undefined when they do not match. */
function pairAxes(target, source) {
    const long = source
        .map((indices, axis) => ({ indices, axis }))
        .filter(({ indices }) => indices.length !== 1);
    let next = 0;
    const pairs = [];
    for (const indices of target) {
        if (indices.length === 1) {
            pairs.push({ target: indices, axis: undefined });
            continue;
        }
        const match = long[next++];
        if (match?.indices.length !== indices.length)
            return undefined;
        pairs.push({ target: indices, axis: match.axis });
    }
    return next === long.length ? pairs : undefined;
}
/** The indices to read from each axis of the source, and where they go on each axis of the result. */
function takenIndices(pairs, wanted, places) {
    const source = places.map(({ indices }) => (indices.length === 1 ? [indices[0] ?? 0] : []));
    const result = [];
    pairs.forEach(({ axis }, target) => {
        const { result: at = [], selection = [] } = wanted[target] ?? {};
        if (axis === undefined) {
            result.push(at);
            return;
        }
        const place = places[axis];
        const there = selection.map((position) => place?.indices[position] ?? 0);
        const kept = there.map((index) => index < (place?.length ?? 0));
        source[axis] = there.filter((_, i) => kept[i]);
        result.push(at.filter((_, i) => kept[i]));
    });
    const outside = source.some((indices, axis) => indices.length === 0 || indices.some((index) => index >= (places[axis]?.length ?? 0)));
    return outside ? undefined : { source, result };
}
/** Copies elements from the source's array to their places in the result. */
function scatter(array, result, axes, places, at) {
    const put = putter(array, result);
    const [from, to] = [array.stride, result.stride];
    const fixed = at.reduce((sum, positions, axis) => (axes.includes(axis) ? sum : sum + (positions[0] ?? 0) * (from[axis] ?? 0)), 0);
    const walk = (axis, source, target) => {
        if (axis === axes.length) {
            put(source, target);
            return;
        }
        const sourceAxis = axes[axis];
        (places[axis] ?? []).forEach((place, i) => {
            const step = sourceAxis === undefined ? 0 : (at[sourceAxis]?.[i] ?? 0) * (from[sourceAxis] ?? 0);
            walk(axis + 1, source + step, target + place * (to[axis] ?? 0));
        });
    };
    walk(0, fixed, 0);
}
/** Copies one element, turning it into the result's kind of number. */
function putter(array, { data: out, dtype }) {
    const data = array.data;
    if (requireNumeric(dtype).kind === "c") {
        return (from, to) => {
            out[2 * to] = data[2 * from] ?? 0;
            out[2 * to + 1] = data[2 * from + 1] ?? 0;
        };
    }
    if (out instanceof BigInt64Array || out instanceof BigUint64Array) {
        return (from, to) => {
            const value = data[from] ?? 0;
            out[to] = typeof value === "bigint" ? value : BigInt(Math.trunc(value));
        };
    }
    return (from, to) => {
        out[to] = Number(data[from] ?? 0);
    };
}
