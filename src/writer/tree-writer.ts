import { messageOf } from "../errors.js";
import type { AttributeList, Selection } from "../hdf5/writer-api.js";
import { childPath } from "../mapping/paths.js";
import type {
  DatasetNode,
  GroupNode,
  Hyperslab,
  StreamLayout,
  TreeNode,
  VirtualNode,
} from "../mapping/tree.js";
import type { FileClaims } from "./claims.js";
import type { OpenFile } from "./open-file.js";
import type { ScanReport } from "./report.js";
import { CREATION_STAMP } from "./root-stamp.js";
import { fillElement } from "./sinks/padding.js";

/** A dataset of a tree that a stream will fill. */
export interface StreamPlace {
  readonly path: string;
  readonly stream: string;
  readonly attributes: AttributeList;
  readonly layout: StreamLayout | undefined;
  /** Something of this scan may be there from before a crash. */
  readonly resume: boolean;
}

/** Called where a stream's dataset belongs, in the order of the tree. */
export type PlaceStream = (place: StreamPlace) => Promise<void>;

/**
 * Writes the static part of a scan's tree into a file: groups, attributes, values, links; streams are handed on. What
 * is there already from before a crash stays. A node that cannot be written is a failure of the scan, the others go on;
 * only a broken file stops it.
 */
export class TreeWriter {
  readonly #file: OpenFile;
  readonly #report: ScanReport;
  readonly #place: PlaceStream;

  constructor(file: OpenFile, report: ScanReport, place: PlaceStream) {
    this.#file = file;
    this.#report = report;
    this.#place = place;
  }

  /** A whole tree. `resume`: parts of it may be in the file. */
  async writeRoot(root: GroupNode, claims: FileClaims, resume: boolean): Promise<void> {
    await this.#shared("/", root, claims, resume);
    this.#file.changed();
  }

  /** One item with all that it holds, where nothing lies, or something from before a crash. */
  async writeItem(path: string, node: TreeNode, resume: boolean): Promise<void> {
    await this.attempt(path, async () => {
      if (node.kind === "group") await this.#group(path, node, resume);
      else if (node.kind === "dataset" && node.value.kind === "stream") {
        const { stream, layout } = node.value;
        await this.#place({ path, stream, attributes: this.storable(path, node.attributes), layout, resume });
      } else if (!resume || (await this.#file.hdf5.kindOf(path)) === undefined) {
        await this.#leaf(path, node);
      }
    });
    this.#file.changed();
  }

  /** The attributes that HDF5 can hold: each other one is a failure of the scan by itself, what it belongs to is written. */
  storable(path: string, attributes: AttributeList): AttributeList {
    const { storable, refused } = this.#file.hdf5.storable(path, attributes);
    for (const reason of refused) this.#report.fail(`${this.#file.path}::${reason}`);
    return storable;
  }

  /** Runs a step that concerns one path: its error is noted, unless the file itself is of no use any more. */
  async attempt(path: string, step: () => Promise<void>): Promise<void> {
    this.#file.check();
    try {
      await step();
    } catch (error) {
      this.#file.refuseFatal(error);
      this.#report.fail(`${this.#file.path}::${path}: ${messageOf(error)}`);
    }
  }

  /** A group that other scans may use too: only what is this scan's own is written. */
  async #shared(path: string, node: GroupNode, claims: FileClaims, resume: boolean): Promise<void> {
    await this.attempt(path, () => this.#sharedAttributes(path, node));
    for (const [name, child] of node.children) {
      const at = childPath(path, name);
      if (claims.own.has(at)) await this.writeItem(at, child, resume);
      else if (child.kind === "group" && !claims.foreign.has(at))
        await this.#shared(at, child, claims, resume);
    }
  }

  /** Attributes of a group that exists; those that stand for its creation are set only once. */
  async #sharedAttributes(path: string, node: GroupNode): Promise<void> {
    if (node.attributes.size === 0) return;
    const present = new Set(await this.#file.hdf5.attributeNames(path));
    const stamped = path === "/" && present.has(CREATION_STAMP);
    const wanted = [...this.storable(path, node.attributes)].filter(
      ([name]) => !node.volatile?.has(name) || !(stamped || present.has(name)),
    );
    await this.#file.hdf5.setAttributes(path, new Map(wanted));
  }

  async #group(path: string, node: GroupNode, resume: boolean): Promise<void> {
    const { hdf5 } = this.#file;
    const present = resume && (await hdf5.kindOf(path)) === "group";
    if (present) await this.#sharedAttributes(path, node);
    else await hdf5.createGroup(path, this.storable(path, node.attributes));
    for (const [name, child] of node.children) await this.writeItem(childPath(path, name), child, present);
  }

  async #leaf(path: string, node: Exclude<TreeNode, GroupNode>): Promise<void> {
    const { hdf5 } = this.#file;
    if (node.kind === "soft_link") return hdf5.createSoftLink(path, node.target);
    if (node.kind === "external_link") return hdf5.createExternalLink(path, node.file, node.path);
    const attributes = this.storable(path, node.attributes);
    if (node.kind === "dataset") await this.#dataset(path, node, attributes);
    else if (node.kind === "virtual") await this.#virtual(path, node, attributes);
    else await hdf5.createExternal(path, node, { attributes });
  }

  async #dataset(path: string, { value }: DatasetNode, attributes: AttributeList): Promise<void> {
    if (value.kind === "static") await this.#file.hdf5.createDataset(path, value.array, { attributes });
  }

  async #virtual(path: string, node: VirtualNode, attributes: AttributeList): Promise<void> {
    const { dtype, shape, maxshape, fill, sources } = node;
    await this.#file.hdf5.createVirtual(
      path,
      {
        dtype,
        shape,
        ...(maxshape && { maxshape }),
        ...(fill !== undefined && { fill: { dtype, shape: [], data: fillElement(dtype, fill) } }),
        sources: sources.map(({ file, dataset, source, target }) => ({
          file,
          dataset,
          source: selection(source),
          target: selection(target),
        })),
      },
      { attributes },
    );
  }
}

function selection({ start, count, stride, block }: Hyperslab): Selection {
  return { start, count, stride, block };
}
