(window.exoDraws ||= []).push(async () => {
  const root = document.getElementById(ROOT), given = JSON.parse(root.querySelector("script").textContent);
  const { sliders, carriers, observables, at, looks } = given;
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const scales = {
    log: [Math.log, Math.exp], linear: [(v) => v, (v) => v],
    logit: [(v) => Math.log(v / (1 - v)), (v) => 1 / (1 + Math.exp(-v))],
  };
  const number = (value) => !Number.isFinite(value) ? "none" : Math.abs(value) >= 1e6 ? value.toExponential(2).replace("e+", "e")
    : String(Number(value.toPrecision(3)));
  const state = { values: sliders.map((slider) => slider.value), dose: 1, observable: 0, log: true };
  const make = (tag, text, attributes = {}) => {
    const node = document.createElement(tag);
    node.textContent = text;
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const run = (c, values, dose) => {  // one carrier at these values of the sliders [base units]
    const { kernel, n, p, times, jumps, inputs, end, small, outputs, doubled } = carriers[c];
    const own = Float64Array.from(p);
    sliders.forEach((slider, s) => slider.where.forEach(([who, index]) => { if (who === c) own[index] = values[s]; }));
    const scaled = (rows) => rows.map((row) => {
      const full = new Float64Array(n);
      for (const [i, amount] of row) full[i] = amount * (doubled[i] ? dose : 1);
      return full;
    });
    const problem = { n, kernel: KERNELS[kernel], p: own, times, jumps: scaled(jumps), inputs: scaled(inputs), end, small, outputs };
    return exoSolve(given.tableau, problem, at, given.relative);
  };
  const curve = (done, c, o) => {
    const column = carriers[c].columns[o];
    return column === null ? null : done.found.map((row) => row[column] / observables[o].factor);
  };
  const area = (y) => y.reduce((sum, v, i) => i ? sum + (v + y[i - 1]) / 2 * (at[i] - at[i - 1]) : 0, 0);
  const usual = carriers.map((_, c) => run(c, state.values, 1));
  const plot = part("plot"), table = part("table"), said = part("said");
  let drawn = 0;
  const draw = () => {
    const { observable: o } = state, unit = observables[o].unit, begun = performance.now();
    const now = carriers.map((_, c) => run(c, state.values, state.dose));
    const traces = [];
    carriers.forEach((carrier, c) => {
      const look = looks[c % looks.length], y = curve(now[c], c, o), before = curve(usual[c], c, o);
      if (y === null) return;
      traces.push({ x: at, y: before, mode: "lines", line: { color: look.colour, width: 1, dash: "dot" }, opacity: 0.6,
        name: `${carrier.title}, as the model says`, hoverinfo: "skip", showlegend: false });
      traces.push({ x: at.slice(0, y.length), y, mode: "lines", line: { color: look.colour, dash: look.dash, width: 2.4 }, name: carrier.title });
    });
    const axis = { title: { text: `${observables[o].title} [${unit}]` }, type: state.log ? "log" : "linear", exponentformat: "power", automargin: true };
    if (state.log) {
      const tops = traces.flatMap((trace) => trace.y).filter((v) => v > 0), top = Math.log10(Math.max(...tops));
      if (tops.length) axis.range = [Math.max(top - 5, Math.log10(Math.min(...tops))) - 0.2, top + 0.2];
    }
    const layout = { ...given.layout, xaxis: { title: { text: "time [h]" }, automargin: true }, yaxis: axis };
    const shown = Plotly.react(plot, traces, layout, given.config);
    const base = curve(now[0], 0, o), baseArea = base === null ? NaN : area(base);
    table.replaceChildren(...carriers.map((carrier, c) => {
      const y = curve(now[c], c, o), line = make("tr", "");
      const top = y === null ? NaN : Math.max(...y);
      const cells = y === null ? ["not in this model", "", "", ""] : now[c].stopped !== null
        ? [`the run stopped at ${number(now[c].stopped)} h`, "", "", ""]
        : [`${number(area(y))} ${unit}·h`, `${number(top)} ${unit}`, `${number(at[y.indexOf(top)])} h`, number(area(y) / baseArea)];
      line.append(make("th", carrier.title, { scope: "row" }), ...cells.map((text) => make("td", text)));
      return line;
    }));
    drawn += 1;
    said.textContent = `Solved in ${Math.round(performance.now() - begun)} ms.`;
    return shown;
  };
  let asked = 0;
  const later = () => { if (!asked) asked = requestAnimationFrame(() => { asked = 0; draw(); }); };
  const choose = part("observable");
  observables.forEach((one, o) => choose.append(make("option", one.title, { value: o })));
  choose.addEventListener("change", () => { state.observable = Number(choose.value); later(); });
  part("log").addEventListener("change", (event) => { state.log = event.target.checked; later(); });
  const controls = [];
  const addSlider = (home, words, about, scale, low, high, value, factor, unit, set) => {
    const [to, from] = scales[scale], range = make("input", "", { type: "range", min: 0, max: 1000, step: 1, "aria-label": words });
    const place = (v) => Math.round(1000 * (to(v) - to(low)) / (to(high) - to(low)));
    const output = make("output", "");
    const tell = (v) => {
      output.textContent = `${number(v / factor)} ${unit}`;
      range.setAttribute("aria-valuetext", output.textContent);
    };
    const reset = () => { range.value = place(value); tell(value); set(value); };
    range.addEventListener("input", () => {
      const chosen = Number(range.value) === place(value) ? value : from(to(low) + range.value / 1000 * (to(high) - to(low)));
      tell(chosen); set(chosen); later();
    });
    const label = make("label", "", { title: about });
    label.append(make("span", words), range, output);
    home.append(label);
    controls.push({ label, reset, words: `${words} ${about}`.toLowerCase() });
    reset();
  };
  addSlider(part("dose"), "dose, times", "What is given, drug and carriers, times this; the label stays as it is", "log", 0.1, 10, 1, 1, "", (v) => { state.dose = v; });
  const homes = new Map();
  sliders.forEach((slider, s) => {
    if (!homes.has(slider.group)) {
      const fold = make("details", ""), home = make("div", "", { class: "what-if-sliders" });
      fold.append(make("summary", slider.group), home);
      part("sliders").append(fold);
      homes.set(slider.group, home);
    }
    addSlider(homes.get(slider.group), slider.name, slider.about, slider.scale, slider.low, slider.high, slider.value, slider.factor, slider.unit,
      (v) => { state.values[s] = v; });
  });
  part("reset").addEventListener("click", () => { controls.forEach((control) => control.reset()); draw(); });
  part("find").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase();
    controls.forEach((control) => { control.label.hidden = !control.words.includes(words); });
    for (const fold of part("sliders").querySelectorAll("details")) {
      fold.hidden = !fold.querySelector("label:not([hidden])");
      if (words) fold.open = true;
    }
  });
  root.exo = { run, curve, state, sliders, observables, draw, count: () => drawn };
  await draw();
});
