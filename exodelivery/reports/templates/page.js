(async () => {
  const page = document.documentElement;
  const plots = [...document.querySelectorAll("figure.plot")];
  try {
    const draws = window.exoDraws || [];
    if (plots.length || draws.length) {
      const packed = document.getElementById("plotly").textContent.trim();
      const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      const library = document.createElement("script");
      library.textContent = await new Response(stream).text();
      document.head.append(library);
    }
    for (const plot of plots) {
      const figure = JSON.parse(plot.querySelector("script").textContent);
      await Plotly.newPlot(plot.querySelector("div"), figure.data, figure.layout, figure.config);
    }
    for (const draw of draws) await draw();
    // A sheet of paper is narrower than most windows: figures are drawn for it, and for the window again afterwards.
    const resize = (width) => plots.forEach((plot) => Plotly.relayout(plot.querySelector("div"), { width }));
    addEventListener("beforeprint", () => resize(670));
    addEventListener("afterprint", () => resize(null));
    page.dataset.ready = "yes";
  } catch (error) {
    const note = document.getElementById("trouble");
    note.textContent = "The figures could not be drawn (" + error + "). The tables hold all numbers.";
    note.hidden = false;
    page.dataset.ready = "failed";
    throw error;
  }
})();
