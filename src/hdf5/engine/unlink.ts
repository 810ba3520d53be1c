import type { CommitParts } from "./commit.js";
import type { StoredObject } from "./object.js";

/**
 * A hard link to the object went away. Without any other link its space is free after the next commit; a group's children
 * lose a link each.
 */
export async function unlinked(
  object: StoredObject,
  parts: CommitParts,
  forget: (object: StoredObject) => Promise<void>,
): Promise<void> {
  if (object.references === 0) return; // met before: in a damaged file groups may hold each other
  if (object.references > 1) {
    object.setReferences(object.references - 1);
    parts.objects.changed.add(object);
    return;
  }
  object.references = 0;
  await forget(object);
  parts.objects.changed.delete(object);
  for (const { address, size, stored } of object.header.chunks) {
    if (address !== undefined && stored) parts.dropped.push({ address, size });
  }
  for (const link of object.links.values()) {
    if (link.link.kind !== "hard") continue;
    await unlinked(await parts.objects.targetOf(link, link.name), parts, forget);
  }
}
