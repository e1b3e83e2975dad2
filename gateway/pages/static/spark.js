// A small line of the last minutes. Values alone are drawn; what they mean stands beside it.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 100;
const HEIGHT = 24;
const PAD = 2;

const FEWEST = 12; // so many points make up the whole width; fewer stand at its right end

/** Draws `values`, oldest first, into `box`. */
export function spark(box, values) {
  if (values.length < 2) return;
  const [area, stroke] = parts(box);
  const points = place(values, Math.max(FEWEST, values.length));
  const line = points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join("L");
  stroke.setAttribute("d", `M${line}`);
  area.setAttribute("d", `M${points[0][0].toFixed(2)},${HEIGHT}L${line}L${WIDTH},${HEIGHT}Z`);
}

function place(values, full) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  // Noise of a few users is no mountain: the range shown is never less than a fiftieth of the size.
  const range = Math.max(high - low, high / 50, 4);
  const base = (low + high - range) / 2;
  const step = WIDTH / (full - 1);
  const first = WIDTH - step * (values.length - 1);
  return values.map((value, i) => [first + i * step, HEIGHT - PAD - ((value - base) / range) * (HEIGHT - 2 * PAD)]);
}

function parts(box) {
  if (!box.firstChild) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "spark");
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    for (const name of ["area", "stroke"]) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("class", name);
      svg.append(path);
    }
    box.replaceChildren(svg);
  }
  return box.firstChild.children;
}
