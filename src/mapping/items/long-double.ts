/** Wider exponents overflow or vanish anyway; they must not make huge integers on the way. */
const MAX_EXPONENT10 = 20_000;
const MAX_MANTISSA = 2n ** 64n;
const DECIMAL = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d{1,9}))?$/i;

/**
 * Writes a decimal number as an x86 long double (little-endian: 64 bits of mantissa with an explicit leading one, then
 * sign and 15 bits of exponent), correctly rounded, as C's strtold. Texts for doubles would lose digits on the way.
 */
export function writeLongDouble(view: DataView, offset: number, decimal: string): void {
  const match = DECIMAL.exec(decimal.trim());
  if (!match) throw new RangeError(`${decimal} is no decimal number`);
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  const { mantissa, biased } = round(BigInt(whole + fraction), Number(exponent) - fraction.length);
  view.setBigUint64(offset, mantissa, true);
  view.setUint16(offset + 8, biased | (sign === "-" ? 0x8000 : 0), true);
}

/** digits · 10^power as mantissa · 2^(biased - 16383 - 63), ties to even. */
function round(digits: bigint, power: number): { mantissa: bigint; biased: number } {
  if (digits === 0n || power < -MAX_EXPONENT10) return { mantissa: 0n, biased: 0 };
  if (power > MAX_EXPONENT10) return INFINITE;
  const numerator = power > 0 ? digits * 10n ** BigInt(power) : digits;
  const denominator = power < 0 ? 10n ** BigInt(-power) : 1n;
  // The exponent of the mantissa's last bit; one too small at most, and never below that of subnormal numbers.
  let last = Math.max(bitLength(numerator) - bitLength(denominator) - 64, -16382 - 63);
  let mantissa = divideToEven(numerator, denominator, last);
  while (mantissa >= MAX_MANTISSA) mantissa = divideToEven(numerator, denominator, ++last);
  const biased = mantissa < MAX_MANTISSA / 2n ? 0 : last + 63 + 16383;
  return biased >= 0x7fff ? INFINITE : { mantissa, biased };
}

const INFINITE = { mantissa: MAX_MANTISSA / 2n, biased: 0x7fff };

/** numerator / denominator / 2^shift, rounded to the nearest integer, ties to even. */
function divideToEven(numerator: bigint, denominator: bigint, shift: number): bigint {
  const dividend = shift < 0 ? numerator << BigInt(-shift) : numerator;
  const divisor = shift > 0 ? denominator << BigInt(shift) : denominator;
  const quotient = dividend / divisor;
  const twice = 2n * (dividend % divisor);
  const up = twice > divisor || (twice === divisor && quotient % 2n === 1n);
  return up ? quotient + 1n : quotient;
}

function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return 4 * (hex.length - 1) + (32 - Math.clz32(Number.parseInt(hex.charAt(0), 16)));
}
