/** How Python writes and reads numbers as text; mappings are made by Python publishers. */

/** `repr(float)`: `1.0`, `1e+16`, `1e-05`, `inf`. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power >= 16 || power < -4) {
    return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  const text = plainDecimal(mantissa, power);
  return text.includes(".") ? text : `${text}.0`;
}

function plainDecimal(mantissa: string, power: number): string {
  const sign = mantissa.startsWith("-") ? "-" : "";
  const digits = mantissa.replace(/[-.]/g, "");
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${digits}`;
  const whole = digits.slice(0, power + 1).padEnd(power + 1, "0");
  const fraction = digits.slice(power + 1);
  return sign + whole + (fraction === "" ? "" : `.${fraction}`);
}

const NUMBER = String.raw`(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan`;
const FLOAT = new RegExp(`^[+-]?(?:${NUMBER})$`, "i");
const COMPLEX = new RegExp(`^(?:([+-]?(?:${NUMBER}))(?=[+-]))?([+-]?(?:${NUMBER})?)j$`, "i");
const INTEGER = /^[+-]?\d+$/;

/** Texts longer than any number that is meant are no numbers. */
const MAX_DIGITS = 1000;

/** `float(text)`: decimals, `nan`, `inf`, `-infinity`; undefined for anything else. */
export function parseFloatText(text: string): number | undefined {
  const trimmed = withoutUnderscores(text);
  if (trimmed.length > MAX_DIGITS || !FLOAT.test(trimmed)) return undefined;
  if (/nan$/i.test(trimmed)) return Number.NaN;
  if (/inf/i.test(trimmed))
    return trimmed.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(trimmed);
}

/** `int(text)`, of any size; undefined for anything else. */
export function parseIntText(text: string): bigint | undefined {
  const trimmed = withoutUnderscores(text);
  if (trimmed.length > MAX_DIGITS || !INTEGER.test(trimmed)) return undefined;
  return BigInt(trimmed.replace(/^\+/, ""));
}

/** `complex(text)`: `(1+2j)`, `1j`, `nan+infj`, `-2.5`, as [re, im]; undefined for anything else. */
export function parseComplexText(text: string): readonly [number, number] | undefined {
  const trimmed = text.trim();
  const inner = withoutUnderscores(/^\(.*\)$/s.test(trimmed) ? trimmed.slice(1, -1) : trimmed);
  if (inner.length > 2 * MAX_DIGITS) return undefined;
  const match = COMPLEX.exec(inner);
  if (!match) {
    const real = parseFloatText(inner);
    return real === undefined ? undefined : [real, 0];
  }
  const [, re = "0", im = ""] = match;
  const unit = /^[+-]?$/.test(im) ? `${im}1` : im; // `j` and `-j`
  const parts = [parseFloatText(re), parseFloatText(unit)] as const;
  return parts[0] === undefined || parts[1] === undefined ? undefined : [parts[0], parts[1]];
}

/** Python allows `1_000` and spaces around. */
export function withoutUnderscores(text: string): string {
  return text.trim().replace(/(?<=\d)_(?=\d)/g, "");
}
