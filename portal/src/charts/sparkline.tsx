// The course of one number over some months, as small as a word. A missing month is a gap.

const width = 96;
const height = 26;

export function Sparkline({ values, color, line, max }: { values: readonly (number | null)[]; color: string; line: boolean; max?: number }) {
  const top = Math.max(max ?? 0, ...values.map((value) => value ?? 0)) || 1;
  const step = width / values.length;
  const y = (value: number) => height - 2 - (value / top) * (height - 4);
  if (!line) {
    return (
      <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
        {values.map((value, i) => value !== null && value > 0 && (
          <rect key={i} x={i * step + 1.5} width={step - 3} y={Math.min(y(value), height - 3)} height={Math.max(height - y(value), 3)} fill={color} />
        ))}
      </svg>
    );
  }
  const x = (i: number) => (i + 0.5) * step;
  let path = '';
  let drawing = false;
  values.forEach((value, i) => {
    if (value === null) drawing = false;
    else {
      path += `${drawing ? 'L' : 'M'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
      drawing = true;
    }
  });
  const alone = values.map((value, i) => (value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null ? i : -1)).filter((i) => i >= 0);
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
      <path d={path} fill="none" stroke={color} stroke-width="2.2" stroke-linejoin="round" stroke-linecap="round" />
      {alone.map((i) => <circle key={i} cx={x(i)} cy={y(values[i]!)} r="2.5" fill={color} />)}
    </svg>
  );
}
