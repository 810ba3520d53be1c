import { MappingError } from "../errors.js";

/** Texts that HDF5 can store as UTF-8. A NUL ends HDF5 strings: it is refused. Half characters become U+FFFD. */
export function requireTexts(texts: readonly string[], warn: (message: string) => void): readonly string[] {
  let changed = false;
  const clean = texts.map((text) => {
    if (text.includes("\0")) {
      throw new MappingError(
        `the text ${JSON.stringify(text.slice(0, 40))} holds a NUL character, which ends texts in HDF5`,
      );
    }
    const fixed = text.toWellFormed();
    changed ||= fixed !== text;
    return fixed;
  });
  if (changed) warn("text that is not valid Unicode: half characters were replaced by U+FFFD");
  return clean;
}
