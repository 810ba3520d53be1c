/** Order of the ids of stream entries: negative when the first is the older one. */
export function compareIds(a: string, b: string): number {
  const [aTime, aCount] = parts(a);
  const [bTime, bCount] = parts(b);
  if (aTime !== bTime) return aTime < bTime ? -1 : 1;
  return aCount === bCount ? 0 : aCount < bCount ? -1 : 1;
}

function parts(id: string): [bigint, bigint] {
  const [time = "0", count = "0"] = id.split("-");
  return [BigInt(time), BigInt(count)];
}
