// How figures and times are written: in the reader's language and time zone.

const whole = new Intl.NumberFormat();
const part = new Intl.NumberFormat(undefined, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });
const signed = new Intl.NumberFormat(undefined, { signDisplay: "exceptZero" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

export const number = (value) => whole.format(value);
export const share = (value) => part.format(value);
export const progress = (value) => percent.format(value);
export const change = (value) => signed.format(value);
export const time = (instant) => clock.format(new Date(instant));
