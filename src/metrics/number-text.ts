/** Below this Prometheus' own writers change to an exponent; above, to plain digits. */
const SMALLEST_PLAIN = 1e-4;

/**
 * A sample value or `le` bound as Prometheus reads it back exactly: the shortest digits that give the
 * same double. Whole numbers have no decimals; small fractions look as client_golang prints them
 * (`5e-05`), so that `le` is the same text whichever server version stores it.
 */
export function numberText(value: number): string {
  const text = `${value}`;
  if (value >= SMALLEST_PLAIN || value === 0 || value <= -SMALLEST_PLAIN) {
    if (value === Number.POSITIVE_INFINITY) return "+Inf";
    return value === Number.NEGATIVE_INFINITY ? "-Inf" : text;
  }
  if (Number.isNaN(value)) return "NaN";
  return value.toExponential().replace(/e-(\d)$/, "e-0$1");
}
