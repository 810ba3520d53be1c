import { readLayout } from "../../mapping/layout.js";
import { childPath } from "../../mapping/paths.js";
import { nameBelow } from "../../mapping/scan-info/saving.js";
import type { GroupNode } from "../../mapping/tree.js";
import type { Scan } from "../../scan/scan.js";
import type { ScanSequenceStream } from "../../scan/sequence.js";
import type { StreamView } from "../../stream/reading.js";
import { mainFile } from "../layouts.js";
import { checkTarget } from "../target-checks.js";
import type { Progress, SinkTarget, StreamSink } from "./sink.js";

/**
 * The scans of a sequence: a group with a link to each entry of each scan, named as the entry: a soft link when it is in
 * the same file, else an external one. Scans that are not saved have none.
 */
export class SubScanSink implements StreamSink {
  readonly target: SinkTarget;
  readonly progress: Progress;
  readonly #stream: ScanSequenceStream;
  /** Scans that are not prepared yet: their entries are not known. */
  readonly #pending: number[] = [];

  private constructor(target: SinkTarget, stream: ScanSequenceStream, progress: Progress) {
    this.target = target;
    this.#stream = stream;
    this.progress = progress;
  }

  static async open(
    target: SinkTarget,
    stream: ScanSequenceStream,
    progress: Progress,
  ): Promise<SubScanSink> {
    const { file, path, attributes, resume } = target;
    const present = resume && (await file.hdf5.kindOf(path)) === "group";
    const named = new Map([["NX_class", { dtype: "str", shape: [], data: ["NXcollection"] }], ...attributes]);
    if (!present) await file.hdf5.createGroup(path, named);
    return new SubScanSink(target, stream, progress);
  }

  get next(): number {
    return this.progress.points;
  }

  async append(view: StreamView): Promise<void> {
    const end = view.index + view.length;
    for (let index = Math.max(this.next, view.index); index < end; index++) this.#pending.push(index);
    await this.#linkPending(false);
    this.progress.points = Math.max(this.progress.points, end);
    this.target.file.changed(this.progress);
  }

  async finish(): Promise<void> {
    const { file, path } = this.target;
    file.check();
    await this.#linkPending(true);
    if (this.progress.points === 0) await file.hdf5.remove(path);
    file.changed(this.progress);
  }

  async #linkPending(final: boolean): Promise<void> {
    for (const index of this.#pending.splice(0)) {
      const scan = await this.#stream.scan(index).catch(() => undefined);
      if (scan && (final || scan.state !== "CREATED")) await this.#link(scan);
      else if (!final) this.#pending.push(index);
      else
        this.target.warn(
          `Scan ${index} of the sequence "${this.#stream.name}" is gone from Redis: it has no link.`,
        );
    }
  }

  async #link(scan: Scan): Promise<void> {
    const { file, path } = this.target;
    const own = mainFile(scan.layoutSource);
    const root = own ? readLayout(scan.layoutSource).files.get(own) : undefined;
    if (!own || !root) return;
    const resolved = await checkTarget(own, { roots: [], leastFree: 0 }).catch(() => own);
    for (const entry of entriesOf(root)) {
      const at = childPath(path, entry);
      if ((await file.hdf5.kindOf(at)) !== undefined) continue;
      if (resolved === file.path) await file.hdf5.createSoftLink(at, `/${entry}`);
      else await file.hdf5.createExternalLink(at, nameBelow(own, file.path), `/${entry}`);
    }
  }
}

/** The NXentry groups of a root. */
function entriesOf(root: GroupNode): string[] {
  return [...root.children].flatMap(([name, node]) => {
    const { data } = (node.kind === "group" && node.attributes.get("NX_class")) || {};
    return Array.isArray(data) && data[0] === "NXentry" ? [name] : [];
  });
}
