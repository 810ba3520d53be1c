import { realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute as isAbsoluteFile, resolve as resolveFile } from "node:path";
import { messageOf } from "../errors.js";
import { isAbsolute, joinPath, splitPath } from "../mapping/paths.js";
import type { SignalOption } from "../stream/reading.js";
import { BrokenLinkError, LinkLoopError, PathNotFoundError } from "./errors.js";
import type { DatasetItem, FileView, GroupItem, LinkItem } from "./view.js";

/** A group or dataset, with where it really lies. */
export interface Located {
  readonly view: FileView;
  /** Its own path in that file, after all links. */
  readonly path: string;
  readonly item: GroupItem | DatasetItem;
}

/** Opens the file that an external link names; undefined when it is neither in Redis nor on disk. */
export type FileOpener = (name: string, options: SignalOption) => Promise<FileView | undefined>;

/** More links on one path than anybody makes; HDF5's own limit is 16. */
const MAX_LINKS = 64;

interface Walk {
  view: FileView;
  done: string[];
  rest: string[];
  /** Every link that was followed, as text. */
  readonly chain: string[];
  readonly seen: Set<string>;
}

/**
 * Finds what a path leads to, following links step by step, also into other entries and files. Errors:
 * PathNotFoundError, BrokenLinkError and LinkLoopError, which show the chain of links.
 */
export async function resolvePath(
  view: FileView,
  path: string,
  open: FileOpener,
  options: SignalOption = {},
): Promise<Located> {
  const asked = `${view.name}::${path}`;
  const elements = splitPath(path);
  const straight = await view.straight?.(elements, options);
  if (straight) return { view, path: joinPath(elements), item: straight };
  const walk: Walk = { view, done: [], rest: elements, chain: [], seen: new Set() };
  for (;;) {
    const next = walk.rest.shift();
    if (next !== undefined) walk.done.push(next);
    const item = await walk.view.item(walk.done, options);
    if (!item) throw notThere(asked, walk, await whyMissing(walk, options));
    if (item.kind === "soft_link" || item.kind === "external_link") {
      await follow(walk, item, asked, open, options);
    } else if (item.kind === "other") {
      throw new PathNotFoundError(`${asked} is ${item.what}, which cannot be read here.`, { path: asked });
    } else if (walk.rest.length === 0) {
      return { view: walk.view, path: joinPath(walk.done), item };
    } else if (item.kind === "dataset") {
      walk.done.push(walk.rest.shift() ?? "");
      throw notThere(asked, walk, "a dataset has no members");
    }
  }
}

async function follow(
  walk: Walk,
  link: LinkItem,
  asked: string,
  open: FileOpener,
  options: SignalOption,
): Promise<void> {
  const from = joinPath(walk.done);
  const place = `${walk.view.name}::${from}`;
  const target = link.kind === "soft_link" ? link.target : `${link.file}::${link.path}`;
  walk.chain.push(`${walk.view.name === asked.split("::")[0] ? from : place} → ${target}`);
  const state = `${place}|${walk.rest.join("/")}`;
  if (walk.seen.has(state) || walk.chain.length > MAX_LINKS) {
    const reason = walk.seen.has(state)
      ? "its links lead in a circle"
      : `it leads through more than ${MAX_LINKS} links`;
    throw new LinkLoopError(`${asked} cannot be reached, ${reason}: ${walk.chain.join(", ")}.`, walk.chain, {
      path: asked,
    });
  }
  walk.seen.add(state);
  if (link.kind === "soft_link") {
    walk.done = isAbsolute(link.target) ? [] : walk.done.slice(0, -1);
    walk.rest.unshift(...splitPath(link.target));
    return;
  }
  walk.view = await openTarget(link.file, walk, asked, open, options);
  walk.done = [];
  walk.rest.unshift(...splitPath(link.path));
}

async function openTarget(
  file: string,
  walk: Walk,
  asked: string,
  open: FileOpener,
  options: SignalOption,
): Promise<FileView> {
  const from = walk.view.name;
  const named = resolveFile(dirname(from), file);
  if (file === "." || named === from) return walk.view;
  const context = { path: asked };
  try {
    const view = (await open(named, options)) ?? (await openElsewhere(file, named, from, open, options));
    if (view) return view;
  } catch (cause) {
    options.signal?.throwIfAborted();
    const message = `${asked} leads to a file that cannot be read (${walk.chain.join(", ")}): ${messageOf(cause)}`;
    throw new BrokenLinkError(message, walk.chain, { ...context, cause });
  }
  const message = `${asked} leads to ${named}, which is neither in Redis nor on disk: ${walk.chain.join(", ")}.`;
  throw new BrokenLinkError(message, walk.chain, context);
}

/**
 * As HDF5 does when a link's file is not where it says: files that were copied together lie beside each other, and a file
 * that is itself reached through a symbolic link has its neighbours in its own folder.
 */
async function openElsewhere(
  file: string,
  named: string,
  from: string,
  open: FileOpener,
  options: SignalOption,
): Promise<FileView | undefined> {
  const beside = isAbsoluteFile(file) ? basename(file) : file;
  const real = await realpath(from).catch(() => from);
  const places = new Set([from, real].map((main) => resolveFile(dirname(main), beside)));
  places.delete(named); // looked for already
  for (const place of places) {
    const view = await open(place, options);
    if (view) return view;
  }
  return undefined;
}

async function whyMissing(walk: Walk, options: SignalOption): Promise<string> {
  const remark = await walk.view.remark?.(walk.done, options);
  return remark === undefined
    ? "there is nothing of that name"
    : `the mapping's item cannot be read: ${remark}`;
}

function notThere(asked: string, walk: Walk, why: string): Error {
  const missing = `${walk.view.name}::${joinPath(walk.done)}`;
  if (walk.chain.length > 0) {
    const message = `${asked} leads to ${missing}, but ${why}: ${walk.chain.join(", ")}.`;
    return new BrokenLinkError(message, walk.chain, { path: asked });
  }
  const message =
    missing === asked ? `${asked}: ${why}.` : `${asked}: ${why} (${joinPath(walk.done)} is missing).`;
  return new PathNotFoundError(message, { path: asked });
}
