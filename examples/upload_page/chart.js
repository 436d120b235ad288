// The picture of throughput: MB/s over time, as steps, because a sample says how much came since the
// one before it, and not more.

const HEIGHT = 220;
const MARGIN = { top: 26, right: 16, bottom: 40, left: 56 };

// Give 1, 2 or 5 times a power of ten, such that about so many fit into the range.
function step(range, most) {
  const power = 10 ** Math.floor(Math.log10(range / most));
  return [1, 2, 5, 10].map((times) => times * power).find((size) => range / size <= most);
}

function label(value, size) {
  return value.toFixed(Math.max(0, -Math.floor(Math.log10(size) + 1e-9)));
}

function node(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.append(text);
  return made;
}

// Draw samples, which are pairs of seconds and bytes, into an svg element as wide as it is.
export function draw(svg, samples) {
  const { width } = svg.getBoundingClientRect();
  const [seconds, bytes] = samples.at(-1);
  if (!width || !seconds) return svg.replaceChildren();
  const rates = samples.slice(1).map(([at, size], index) => {
    const [from, before] = samples[index];
    return { from, at, rate: (size - before) / Math.max(at - from, 1e-6) / 1e6 };
  });
  const mean = bytes / seconds / 1e6;
  const most = Math.max(...rates.map(({ rate }) => rate), 1e-3);
  const across = step(seconds, width / 90);
  const up = step(most, 4);
  const top = up * Math.ceil(most / up);
  const right = width - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const x = (at) => MARGIN.left + (at / seconds) * (right - MARGIN.left);
  const y = (rate) => bottom - (rate / top) * (bottom - MARGIN.top);

  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  svg.setAttribute("height", HEIGHT);
  svg.setAttribute("aria-label", `Throughput: ${mean.toFixed(0)} MB/s in the mean`);
  svg.replaceChildren(...grid(), ...curve(), ...axes());

  function grid() {
    const lines = [];
    for (let at = 0; at <= top + up / 2; at += up) {
      lines.push(
        node("line", { class: "grid", x1: MARGIN.left, x2: right, y1: y(at), y2: y(at) }),
        node("text", { class: "rate", x: MARGIN.left - 8, y: y(at) + 4 }, label(at, up)),
      );
    }
    for (let at = 0; at <= seconds; at += across) {
      lines.push(node("text", { class: "time", x: x(at), y: bottom + 18 }, label(at, across)));
    }
    return lines;
  }

  function curve() {
    const steps = rates.map(({ from, at, rate }) => `L${x(from)} ${y(rate)}L${x(at)} ${y(rate)}`);
    const line = `M${steps.join("").slice(1)}`;
    const area = `M${x(0)} ${bottom}${steps.join("")}L${x(seconds)} ${bottom}Z`;
    const level = { x1: MARGIN.left, x2: right, y1: y(mean), y2: y(mean) };
    return [
      node("path", { class: "area", d: area }),
      node("path", { class: "curve", d: line }),
      node("line", { class: "mean", ...level }),
      node("text", { class: "mean", x: right, y: 14 }, `mean ${mean.toFixed(mean < 10 ? 1 : 0)} MB/s`),
    ];
  }

  function axes() {
    return [
      node("text", { class: "axis", x: 0, y: 14 }, "MB/s"),
      node("text", { class: "axis end", x: right, y: HEIGHT - 4 }, "seconds"),
    ];
  }
}
