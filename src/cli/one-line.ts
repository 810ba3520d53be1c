/**
 * A text that others have chosen (names of scans, paths, messages), on one line: control characters, which could begin a line
 * of their own or steer the terminal, become spaces.
 */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
