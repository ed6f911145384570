/** Type and wire type of a field: 0 a varint, 1 eight bytes, 2 bytes with their length. */
const VARINT = 0;
const EIGHT_BYTES = 1;
const WITH_LENGTH = 2;
/** `MetricType` in io.prometheus.client. */
const HISTOGRAM = 4;

/** Content-Type of what `nativePage` gives. */
export const NATIVE_CONTENT_TYPE =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

/**
 * A page with one native histogram that has all its observations in one bucket, as Prometheus takes it.
 *
 * @param options.bucket Number of the bucket in schema 3, where eight buckets double: it ends at 2^(bucket / 8) seconds.
 * @see metrics.proto of prometheus/client_model: MetricFamily, Metric, Histogram, BucketSpan.
 */
export function nativePage(options: {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly count: number;
  readonly sumSeconds: number;
  readonly bucket: number;
}): Buffer {
  const { name, labels, count, sumSeconds, bucket } = options;
  const pairs = Object.entries(labels).map(([label, value]) =>
    message(1, text(1, label), text(2, value)),
  );
  const histogram = message(
    7,
    number(1, count),
    double(2, sumSeconds),
    number(5, zigzag(3)),
    // Without a threshold of zero a histogram is taken for a classic one that has no buckets.
    double(6, 2 ** -128),
    number(7, 0),
    message(12, number(1, zigzag(bucket)), number(2, 1)),
    number(13, zigzag(count)),
  );
  const family = Buffer.concat([
    text(1, name),
    text(2, "Native."),
    number(3, HISTOGRAM),
    message(4, ...pairs, histogram),
  ]);
  return Buffer.concat([varint(family.length), family]);
}

function message(field: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([varint((field << 3) | WITH_LENGTH), varint(body.length), body]);
}

function text(field: number, value: string): Buffer {
  return message(field, Buffer.from(value));
}

function number(field: number, value: number): Buffer {
  return Buffer.concat([varint((field << 3) | VARINT), varint(value)]);
}

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([varint((field << 3) | EIGHT_BYTES), bytes]);
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
