import { StreamFormatError } from "../errors.js";

const CONVERSION = /%(?<flags>[-+ 0]*)(?<width>\d{0,3})(?:\.(?<digits>\d{1,3}))?(?<type>[diuxXos%])/g;
/**
 * The file names of a printf pattern with one number ≥ 0, such as `/data/cam_%04d.h5` (`%%` stands for a percent sign).
 * A pattern without exactly one number is a StreamFormatError: it would give one name to all files, or none.
 */
export function filePattern(pattern) {
  const pieces = [];
  let end = 0;
  for (const match of pattern.matchAll(CONVERSION)) {
    pieces.push(pattern.slice(end, match.index));
    end = match.index + match[0].length;
    const { flags = "", width = "", digits = "", type = "d" } = match.groups ?? {};
    pieces.push(type === "%" ? "%" : (number) => format(number, flags, Number(width), Number(digits), type));
  }
  pieces.push(pattern.slice(end));
  const numbers = pieces.filter((piece) => typeof piece === "function").length;
  const rest = pieces.filter((piece, i) => typeof piece === "string" && i % 2 === 0).join("");
  if (numbers !== 1 || rest.includes("%")) {
    throw new StreamFormatError(
      `The file pattern ${JSON.stringify(pattern)} needs exactly one number, such as "img_%04d.h5".`,
      { path: pattern },
    );
  }
  return (number) => pieces.map((piece) => (typeof piece === "string" ? piece : piece(number))).join("");
}
function format(number, flags, width, digits, type) {
  const base = type === "x" || type === "X" ? 16 : type === "o" ? 8 : 10;
  const plain = number.toString(base).padStart(digits, "0");
  const text = type === "X" ? plain.toUpperCase() : plain;
  const sign = flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  if (flags.includes("-")) return (sign + text).padEnd(width);
  if (flags.includes("0")) return sign + text.padStart(width - sign.length, "0");
  return (sign + text).padStart(width);
}
