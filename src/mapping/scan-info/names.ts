/** Names of groups, datasets and links that come from channels: every run of other characters becomes one `_`. */
export function normalName(name: string): string {
  return name.replace(/[^A-Za-z0-9_]+/g, "_");
}

/**
 * The shortest names that tell the channels of a chain apart: as few parts (split at ":", from the right) as needed.
 * `sim:diode` → `diode`; `a:diode`, `b:diode` → themselves. A name with an empty part (`ns::x`) stays as it is.
 */
export function shortNames(names: readonly string[]): ReadonlyMap<string, string> {
  const short = new Map<string, string>();
  const given = new Set<string>();
  const give = (name: string, value: string) => {
    short.set(name, value);
    given.add(value);
  };
  let pending: { name: string; parts: string[] }[] = [];
  for (const name of names) {
    const parts = name.split(":");
    if (parts.includes("")) give(name, name);
    else pending.push({ name, parts });
  }
  for (let count = 1; pending.length > 0; count++) {
    const candidates = pending.map(({ parts }) => parts.slice(-count).join(":"));
    const uses = new Map<string, number>();
    for (const candidate of candidates) uses.set(candidate, (uses.get(candidate) ?? 0) + 1);
    const rest: typeof pending = [];
    const before = new Set(given);
    pending.forEach((item, i) => {
      const candidate = candidates[i] ?? item.name;
      const unique = uses.get(candidate) === 1 && !before.has(candidate);
      if (unique || count > item.parts.length) give(item.name, candidate);
      else rest.push(item);
    });
    pending = rest;
  }
  return short;
}
