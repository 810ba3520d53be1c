import { parseLayout } from "../format/layout.js";
import { MESSAGE } from "../format/messages.js";
import type { StoredObject } from "./object.js";
import type { Located, Objects } from "./objects.js";

/**
 * Datasets that were growing when their writer was killed: what readers need of them lies (partly) in scratch space. Walks
 * through all groups; each object once, however many links lead to it.
 */
export async function* unfinishedDatasets(
  objects: Objects,
  scratch: { readonly start: number; readonly end: number },
): AsyncGenerator<{ readonly path: string; readonly located: Located }> {
  const seen = new Set<number | undefined>([objects.root.address]);
  const groups: { path: string; located: Located }[] = [
    { path: "", located: { object: objects.root, chain: [] } },
  ];
  for (let next = groups.pop(); next; next = groups.pop()) {
    const { object: group, chain } = next.located;
    for (const link of group.links.values()) {
      if (link.link.kind !== "hard" || seen.has(link.link.address)) continue;
      seen.add(link.link.address);
      const path = `${next.path}/${link.name}`;
      const object = await objects.targetOf(link, path);
      const located = { object, chain: [...chain, { group, link }] };
      if (object.kind === "group") groups.push({ path, located });
      else if (liesIn(object, scratch)) yield { path, located };
    }
  }
}

function liesIn(
  object: StoredObject,
  { start, end }: { readonly start: number; readonly end: number },
): boolean {
  const message = object.message(MESSAGE.layout);
  const layout = message && parseLayout(message);
  if (!layout || layout.kind === "virtual") return false;
  const address = layout.kind === "contiguous" ? layout.address : layout.index;
  return address !== undefined && address >= start && address < end;
}
