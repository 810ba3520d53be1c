import { numericType, sizeOfShape } from "../../ndarray/dtype.js";
import { NdArray } from "../../ndarray/ndarray.js";
/** Two arrays one after the other along the first axis; rows of different sizes are padded (NaN, 0). */
export function joinRows(first, second) {
    const inner = first.shape.slice(1).map((length, axis) => Math.max(length, second.shape[axis + 1] ?? 0));
    const [a, b] = [padRows(first, inner), padRows(second, inner)];
    const shape = [(a.shape[0] ?? 0) + (b.shape[0] ?? 0), ...inner];
    if (Array.isArray(a.data))
        return new NdArray([...a.data, ...b.data], shape, a.dtype);
    const data = emptyLike(a.data, a.data.length + b.data.length);
    copyNumbers(a.data, data, 0);
    copyNumbers(b.data, data, a.data.length);
    return new NdArray(data, shape, a.dtype);
}
/** Rows under a larger extent, filled with NaN for floats and 0 for the rest, as the file is. */
export function padRows(rows, inner) {
    const have = rows.shape.slice(1);
    if (inner.every((length, axis) => length === have[axis]))
        return rows;
    const count = rows.shape[0] ?? 0;
    const kind = numericType(rows.dtype)?.kind;
    const parts = kind === "c" ? 2 : 1;
    const source = rows.data;
    const data = emptyLike(source, count * sizeOfShape(inner) * parts);
    if (kind === "f")
        data.fill(Number.NaN);
    const width = (have.at(-1) ?? 1) * parts;
    const lines = sizeOfShape(have.slice(0, -1));
    for (let row = 0; row < count; row++) {
        for (let line = 0; line < lines; line++) {
            const from = (row * lines + line) * width;
            const to = (row * sizeOfShape(inner) + lineStart(line, have, inner)) * parts;
            copyNumbers(source.subarray(from, from + width), data, to);
        }
    }
    return new NdArray(data, [count, ...inner], rows.dtype);
}
/** Where a line (a run along the last axis) begins in the larger extent. */
function lineStart(line, have, inner) {
    let rest = line;
    let stride = inner.at(-1) ?? 1;
    let start = 0;
    for (let axis = have.length - 2; axis >= 0; axis--) {
        const length = have[axis] ?? 1;
        start += (rest % length) * stride;
        rest = Math.floor(rest / length);
        stride *= inner[axis] ?? 1;
    }
    return start;
}
function emptyLike(data, length) {
    const Type = data.constructor;
    return new Type(length);
}
/** Copies numbers between arrays of one kind. */
function copyNumbers(source, target, at) {
    const from = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    const to = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
    to.set(from, at * target.BYTES_PER_ELEMENT);
}
