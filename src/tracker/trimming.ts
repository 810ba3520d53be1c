import { compareIds } from "../redis/entry-ids.js";

/** What is known of a stream when it is to be trimmed. */
export interface TrimCandidate {
  /** Its last entry at the journal's moment: entries before it may go. */
  readonly lastId: string;
  /** Its last entry now. */
  readonly newestId: string;
  /** Entries it holds now, the seal included. */
  readonly entries: number;
  /** Id of the first entry that a live writer still needs, undefined when none does. */
  readonly neededId: string | undefined;
}

export interface TrimDecision {
  /** Entries with smaller ids go; undefined when nothing is to be trimmed. */
  readonly minId: string | undefined;
  /** True when a writer's needs keep entries that would have gone otherwise. */
  readonly heldBack: boolean;
}

/** What to trim from one stream. The newest entry always stays: it tells the stream's length. */
export function decideTrim({ lastId, newestId, entries, neededId }: TrimCandidate): TrimDecision {
  if (entries <= 1) return { minId: undefined, heldBack: false };
  // A journal may be ahead of the stream: damaged, or remembered from before Redis restarted with older data.
  const oldId = compareIds(lastId, newestId) < 0 ? lastId : newestId;
  const heldBack = neededId !== undefined && compareIds(neededId, oldId) < 0;
  return { minId: heldBack ? neededId : oldId, heldBack };
}
