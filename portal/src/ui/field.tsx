// Inputs with their label, hint and error tied together for screen readers.
import type { ComponentChildren, TargetedInputEvent, TargetedKeyboardEvent } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  /** The label is read out but not drawn. */
  quietLabel?: boolean;
}

interface TextProps<E extends EventTarget> {
  value: string;
  onInput?: (event: TargetedInputEvent<E>) => void;
  onKeyDown?: (event: TargetedKeyboardEvent<E>) => void;
  disabled?: boolean;
  required?: boolean;
  maxLength?: number;
  autoFocus?: boolean;
}

function Frame({ label, hint, error, quietLabel, id, children }: FieldProps & { id: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label for={id} class={quietLabel ? 'only-read-out' : 'field-label'}>{label}</label>
      {children}
      {hint && <div class="field-hint" id={`${id}-hint`}>{hint}</div>}
      {error && <div class="field-error" id={`${id}-error`}>{error}</div>}
    </div>
  );
}

const described = (id: string, { hint, error }: FieldProps) =>
  [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined;

export function TextField({ label, hint, error, quietLabel, type = 'text', ...rest }: FieldProps & TextProps<HTMLInputElement> & {
  type?: 'text' | 'search' | 'password' | 'number' | 'date'; autocomplete?: string; min?: number; max?: number; spellcheck?: boolean;
}) {
  const id = useId();
  const frame = { label, hint, error, ...(quietLabel ? { quietLabel } : {}) };
  return (
    <Frame {...frame} id={id}>
      <input {...(rest as object)} type={type as 'text'} id={id} class="input" aria-invalid={error ? 'true' : undefined} aria-describedby={described(id, frame)} />
    </Frame>
  );
}

export function TextArea({ label, hint, error, quietLabel, ...rest }: FieldProps & TextProps<HTMLTextAreaElement> & { rows?: number; spellcheck?: boolean }) {
  const id = useId();
  const frame = { label, hint, error, ...(quietLabel ? { quietLabel } : {}) };
  return (
    <Frame {...frame} id={id}>
      <textarea rows={3} {...(rest as object)} id={id} class="input" aria-invalid={error ? 'true' : undefined} aria-describedby={described(id, frame)} />
    </Frame>
  );
}

export function Select<T extends string>({ label, hint, error, quietLabel, value, options, onChange, disabled }: FieldProps & {
  value: T; options: readonly { value: T; label: string }[]; onChange: (value: T) => void; disabled?: boolean;
}) {
  const id = useId();
  const frame = { label, hint, error, ...(quietLabel ? { quietLabel } : {}) };
  return (
    <Frame {...frame} id={id}>
      <select
        id={id} class="input" value={value} disabled={disabled} aria-describedby={described(id, frame)}
        onChange={(event) => onChange(event.currentTarget.value as T)}
      >
        {options.map((one) => <option key={one.value} value={one.value}>{one.label}</option>)}
      </select>
    </Frame>
  );
}

export function Checkbox({ label, hint, checked, onChange, disabled }: {
  label: string; hint?: string; checked: boolean; onChange: (checked: boolean) => void; disabled?: boolean;
}) {
  const id = useId();
  return (
    <div class="check">
      <input
        type="checkbox" id={id} checked={checked} disabled={disabled} aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint && <div class="field-hint" id={`${id}-hint`}>{hint}</div>}
    </div>
  );
}
