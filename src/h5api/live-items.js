import { dirname, resolve } from "node:path";
import { externalSource } from "./data/external-source.js";
import { staticSource } from "./data/static-source.js";
import { StreamSource, singlePointSource } from "./data/stream-source.js";
import { virtualSource } from "./data/virtual-source.js";
/** The node at a path below a group; undefined when there is none. */
export function nodeAt(root, elements) {
    let node = root;
    for (const element of elements)
        node = node?.kind === "group" ? node.children.get(element) : undefined;
    return node;
}
/** A node of a scan's tree as readers see it; undefined for a stream that the scan does not have (yet). */
export function itemOf(node, path, scan, context) {
    if (node.kind === "soft_link" || node.kind === "external_link")
        return node;
    const attributes = async () => node.attributes;
    if (node.kind === "group") {
        const names = [...node.children].filter(([, child]) => isThere(child, scan)).map(([name]) => name);
        return { kind: "group", names: async () => names, attributes };
    }
    const data = sourceOf(node, path, scan, context);
    return data && { kind: "dataset", data, attributes };
}
function isThere(node, scan) {
    return node.kind !== "dataset" || node.value.kind !== "stream" || scan.streams.has(node.value.stream);
}
function sourceOf(node, path, scan, context) {
    const { file } = context;
    if (node.kind === "external_binary")
        return externalSource(node, file);
    if (node.kind === "virtual") {
        const find = (name, dataset, options) => context.find(name === "." ? file : resolve(dirname(file), name), dataset, options);
        return virtualSource(node, find);
    }
    const { value } = node;
    if (value.kind === "static")
        return staticSource(value.array);
    const stream = scan.streams.get(value.stream);
    if (!stream)
        return undefined;
    const source = new StreamSource(stream, {
        onDisk: async (options) => context.onDisk?.(path, options),
        checkScan: async (options) => {
            await scan.update(options);
        },
    });
    return value.layout?.single ? singlePointSource(source) : source;
}
