import { open } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { messageOf } from "../../errors.js";
import { requireNumeric, sizeOfShape } from "../../ndarray/dtype.js";
import { NdArray } from "../../ndarray/ndarray.js";
import { takeRaw } from "../../ndarray/take.js";
import { DataMissingError } from "../errors.js";
/** Bytes of raw files that are read at once. */
const PAGE_BYTES = 8 * 2 ** 20;
/**
 * Raw numbers in other files (HDF5's external storage): the parts of the files, one after the other. Relative names lie
 * beside the file; what is missing at the end of a raw file reads as zero, a missing file is an error, as in HDF5.
 */
export function externalSource(node, file) {
    const { itemsize } = requireNumeric(node.dtype);
    const { shape } = node;
    return {
        dtype: node.dtype,
        maxshape: shape,
        chunks: null,
        shape: async () => shape,
        async read(ranges, options = {}) {
            const [outer, ...inner] = ranges;
            const rowBytes = sizeOfShape(shape.slice(1)) * itemsize;
            if (!outer || rowBytes * (shape[0] ?? 0) <= PAGE_BYTES) {
                const data = await readBytes(node, file, 0, sizeOfShape(shape) * itemsize, options);
                return NdArray.fromRaw(takeRaw({ dtype: node.dtype, shape, data }, ranges));
            }
            return readRows(node, file, { outer, inner, rowBytes }, options);
        },
    };
}
/** Large data: only the rows that are asked for, one at a time. */
async function readRows(node, file, { outer, inner, rowBytes }, options) {
    const { dtype } = node;
    const parts = [];
    for (let i = 0; i < outer.count; i++) {
        options.signal?.throwIfAborted();
        const row = outer.start + i * outer.step;
        const data = await readBytes(node, file, row * rowBytes, rowBytes, options);
        parts.push(takeRaw({ dtype, shape: node.shape.slice(1), data }, inner).data);
    }
    const shape = [outer.count, ...inner.map((range) => range.count)];
    return NdArray.fromRaw({ dtype, shape, data: Uint8Array.from(Buffer.concat(parts)) });
}
/** Bytes of the raw data, across the borders of the files. */
async function readBytes(node, file, start, length, options) {
    const out = new Uint8Array(length);
    let position = 0;
    for (const { name, offset, size } of node.files) {
        const end = size === null ? Number.POSITIVE_INFINITY : position + size;
        const from = Math.max(start, position);
        const to = Math.min(start + length, end);
        if (from < to) {
            options.signal?.throwIfAborted();
            await readFrom(resolve(dirname(file), name), offset + from - position, out.subarray(from - start, to - start));
        }
        position = end;
        if (position >= start + length)
            break;
    }
    return out;
}
async function readFrom(path, position, target) {
    let raw;
    try {
        raw = await open(path);
    }
    catch (cause) {
        throw new DataMissingError(`The raw data file ${path} cannot be opened: ${messageOf(cause)}`, {
            path,
            cause,
        });
    }
    try {
        let done = 0;
        while (done < target.length) {
            const { bytesRead } = await raw.read(target, done, target.length - done, position + done);
            if (bytesRead === 0)
                return;
            done += bytesRead;
        }
    }
    finally {
        await raw.close();
    }
}
