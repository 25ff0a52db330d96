// Draws the page's charts, and opens what stands behind a figure. The page's policy lets in this script and plotly's source, both by
// their hash, so a byte changed here must go through page.py, which computes it.
"use strict";
(() => {
  const PRINT_WIDTH = 660; // A4 less its margins [px]; a printer gives no resize event to learn it from
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const narrow = matchMedia("(max-width: 40rem)");
  let charts = [];
  let shared;
  let printing = false;
  let words = {};

  root.classList.add("js"); // reserves the charts' room before the first paint

  document.addEventListener("DOMContentLoaded", () => {
    followContents();
    openFigures();
    if (!document.getElementById("plotly-source")) return;
    const ready = start();
    holdLoadUntil(ready);
    ready.catch((error) => {
      // Without charts the page is whole: each chart's numbers stay open below its title.
      root.classList.remove("js");
      console.error(error);
    });
  });

  async function start() {
    run(await unpack("plotly-source"));
    const figures = JSON.parse(await unpack("charts"));
    shared = {
      colours: read("dark-colours"), templates: read("chart-templates"), stem: read("file-stem"),
      font: getComputedStyle(document.body).fontFamily,
    };
    charts = [...document.querySelectorAll("figure.chart")].map((figure, place) => ({
      figure, drawn: false, failed: false, json: JSON.stringify(figures[place]),
      place: figure.querySelector(".drawing"), numbers: figure.querySelector("details"),
      save: figure.querySelector(".save"),
    }));
    charts.filter(inView).forEach(draw);
    drawOnSight();
    drawWhenIdle();
    dark.addEventListener("change", redraw);
    narrow.addEventListener("change", redraw);
    addEventListener("beforeprint", () => { printing = true; charts.forEach(draw); });
    addEventListener("afterprint", () => { printing = false; redraw(); });
  }

  // Plotly's source: packed in the page, and run as one script of known hash.

  async function unpack(id) {
    const stream = new Blob([bytesOf(document.getElementById(id).textContent)]).stream();
    return new Response(stream.pipeThrough(new DecompressionStream("gzip"))).text();
  }

  // Base 85: five letters are four bytes; packing.py writes it.
  function bytesOf(packed) {
    const missing = (5 - (packed.length % 5)) % 5;
    const letters = packed + "~".repeat(missing);
    const bytes = new Uint8Array((letters.length / 5) * 4);
    const words = new DataView(bytes.buffer);
    for (let from = 0, to = 0; from < letters.length; from += 5, to += 4) {
      let word = 0;
      for (let place = from; place < from + 5; place += 1) word = word * 85 + VALUES[letters.charCodeAt(place)];
      words.setUint32(to, word);
    }
    return bytes.subarray(0, bytes.length - missing);
  }

  function run(source) {
    let trusted = source;
    if (window.trustedTypes) {
      trusted = trustedTypes.createPolicy("opsreport", { createScript: (text) => text }).createScript(source);
      // What plotly itself writes as markup (for the PNG) is text to us: it comes out escaped.
      trustedTypes.createPolicy("default", {
        createHTML: (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;"),
      });
    }
    const script = document.createElement("script");
    script.textContent = trusted;
    document.head.append(script);
    if (!window.Plotly) throw new Error("plotly did not run");
  }

  // A headless browser prints on load. An image that is loading delays that event, so each
  // that arrives asks for the next until the charts are there.
  function holdLoadUntil(promise) {
    let waiting = true;
    promise.finally(() => { waiting = false; }).catch(() => {});
    const image = new Image();
    const next = () => {
      if (waiting) image.src = URL.createObjectURL(new Blob([PIXEL], { type: "image/svg+xml" }));
    };
    image.onload = image.onerror = () => { URL.revokeObjectURL(image.src); next(); };
    next();
  }

  // Drawing: in view first, the rest when there is time, all of it before printing.

  function draw(chart) {
    if (chart.failed) return;
    try {
      const { data, layout } = dressed(chart);
      Plotly.newPlot(chart.place, data, layout, { ...CONFIG, responsive: !printing });
      if (!chart.drawn) settle(chart);
    } catch (error) {
      chart.failed = true;
      chart.figure.classList.add("failed");
      console.error(error);
    }
  }

  function settle(chart) {
    chart.drawn = true;
    chart.numbers.open = false;
    chart.save.hidden = false;
    chart.save.addEventListener("click", () => download(chart));
  }

  function redraw() {
    charts.filter((chart) => chart.drawn).forEach(draw);
  }

  function inView(chart) {
    const box = chart.place.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  }

  function drawOnSight() {
    const observer = new IntersectionObserver((entries) => {
      for (const entry of entries.filter((one) => one.isIntersecting)) {
        observer.unobserve(entry.target);
        const chart = charts.find((one) => one.place === entry.target);
        if (!chart.drawn) draw(chart);
      }
    }, { rootMargin: "400px" });
    charts.forEach((chart) => observer.observe(chart.place));
  }

  function drawWhenIdle() {
    const chart = charts.find((one) => !one.drawn && !one.failed);
    const later = window.requestIdleCallback || ((work) => setTimeout(work, 50));
    if (chart) later(() => { if (!chart.drawn) draw(chart); drawWhenIdle(); });
    else root.dataset.charts = "drawn";
  }

  // A figure as this reader should see it: their colours, their width.

  function dressed(chart, onPaper = printing) {
    const swap = (text) => text.replace(/#[0-9a-f]{6}\b/gi, (colour) => shared.colours[colour.toLowerCase()] || colour);
    const dress = (text) => JSON.parse(dark.matches && !onPaper ? swap(text) : text);
    const figure = dress(chart.json);
    const template = dress(JSON.stringify(shared.templates[figure.template]));
    template.layout = { ...template.layout, font: { ...template.layout?.font, family: shared.font } };
    const layout = { ...figure.layout, template, autosize: true, dragmode: false };
    if (onPaper) layout.width = PRINT_WIDTH;
    else if (narrow.matches) squeeze(layout);
    return { data: figure.data, layout };
  }

  function squeeze(layout) {
    layout.font = { ...layout.font, size: 11 };
    const margin = layout.margin || {};
    const room = (side, most) => (margin[side] === undefined ? {} : { [side]: Math.min(margin[side], most) });
    // Lines are labelled at their right end; without such labels the room there is not needed.
    const labelled = (layout.annotations || []).some((note) => note.xanchor === "left");
    layout.margin = { ...margin, ...room("l", 48), ...room("r", labelled ? 128 : 12) };
    for (const name of Object.keys(layout).filter((key) => /^xaxis\d*$/.test(key))) {
      const [from, to] = layout[name].domain || [0, 1];
      if (!layout[name].tickvals) layout[name] = { ...layout[name], nticks: Math.max(2, Math.round(5 * (to - from))), tickangle: 0 };
    }
  }

  // The picture leaves the page, so it takes its title along, on white.
  function download(chart) {
    const { data, layout } = dressed(chart, true);
    const title = wrapped(chart, ".title", 64);
    const subtitle = wrapped(chart, ".subtitle", 92);
    const above = 32 + 23 * title.length + 17 * subtitle.length; // [px]
    layout.title = {
      text: title.join("<br>"), subtitle: { text: subtitle.join("<br>"), font: { size: 13 } },
      font: { size: 17 }, x: 0, xref: "container", y: 1, yref: "container", yanchor: "top", pad: { l: 12, t: 14 },
    };
    layout.margin = { ...layout.margin, t: layout.margin.t + above };
    layout.height += above;
    const { width, height } = layout;
    const filename = `${shared.stem}-${chart.figure.id}`;
    return Plotly.downloadImage({ data, layout }, { format: "png", scale: 2, width, height, filename });
  }

  // Lines of at most so many letters, escaped, for plotly reads some markup in a title.
  function wrapped(chart, part, letters) {
    const text = (chart.figure.querySelector(part)?.textContent || "").trim();
    const lines = text.match(new RegExp(`.{1,${letters}}(?=\\s|$)|\\S+`, "gs")) || [];
    return lines.map((line) => line.trim().replace(/&/g, "&amp;").replace(/</g, "&lt;"));
  }

  // Walking back: a figure opens to its definition, what was seen of it, and the rows behind it.

  function openFigures() {
    const packed = document.getElementById("behind");
    const dialog = document.getElementById("walk-back");
    if (!packed || !dialog.showModal) return;
    words = read("words");
    let known;
    const load = async () => (known ??= JSON.parse(await unpack("behind")));
    const places = [...document.querySelectorAll("main [data-fact]")];
    for (const place of places) {
      place.tabIndex = 0;
      place.setAttribute("role", "button");
      place.setAttribute("aria-haspopup", "dialog");
    }
    const open = async (place) => {
      tell(dialog, place, await load(), packed.dataset.folder);
      dialog.showModal();
    };
    const asked = (event) => event.target.closest?.("main [data-fact]");
    document.addEventListener("click", (event) => { if (asked(event)) open(asked(event)); });
    document.addEventListener("keydown", (event) => {
      if (!asked(event) || !["Enter", " "].includes(event.key)) return;
      event.preventDefault();
      open(asked(event));
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest(".close")) dialog.close();
    });
    const named = () => {
      const id = decodeURIComponent(location.hash).replace(/^#figure=/, "");
      const place = location.hash.startsWith("#figure=") && places.find((one) => idOf(one) === id);
      if (place) { place.scrollIntoView({ block: "center" }); open(place); }
    };
    addEventListener("hashchange", named);
    named();
  }

  function tell(dialog, place, known, folder) {
    const id = idOf(place);
    const [measure, seen, selection] = known.facts[id] || [-1, "", -1];
    const [heading, meaning] = known.measures[measure] || ["", ""];
    dialog.querySelector(".value").textContent = place.textContent;
    const told = [];
    const sentence = place.closest("p, li, tr")?.textContent.trim().replace(/\s+/g, " ");
    const label = place.closest("tr") ? rowLabel(place) : sentence;
    told.push(part("p", label, "context"));
    told.push(part("h3", say("What it means")));
    if (meaning) told.push(part("p", `${heading}: ${meaning}.`));
    else told.push(part("p", methodOf(place) || say("What its sentence says.")));
    if (seen) told.push(part("h3", say("How much was seen")), part("p", say("{seen} of what there was to see.", { seen })));
    told.push(part("h3", say("The rows behind it")), ...rowsOf(known.selections[selection], folder));
    told.push(part("p", say("Figure {id}", { id }), "id"));
    dialog.querySelector(".told").replaceChildren(...told);
    dialog.scrollTop = 0;
  }

  // An id that begins with a dot goes on where that of its block ends.
  function idOf(place) {
    const id = place.dataset.fact;
    return id.startsWith(".") ? place.closest("main > [id]").id + id : id;
  }

  // The note of a figure's section that tells how its figures are made.
  function methodOf(place) {
    let holder = place.closest(".scorecard tr, #summary li");
    while (holder && holder.matches("tr:not(.group)")) holder = holder.previousElementSibling;
    const link = holder?.querySelector('a[href^="#"]');
    const section = link ? link.hash.slice(1) : idOf(place).split(".")[0];
    return document.getElementById(`${section}.method`)?.textContent.trim();
  }

  function rowLabel(place) {
    const cell = place.closest("td, th");
    const first = cell.closest("tr").querySelector("th");
    const head = cell.closest("table").tHead?.rows[0].cells[cell.cellIndex]?.textContent;
    return [first && first !== cell ? first.textContent : "", head].filter(Boolean).join(" · ");
  }

  function rowsOf(selection, folder) {
    if (!selection) return [part("p", say("It is counted or stated in the review itself: no record stands behind it."))];
    const { title, count, columns, rows, csv, code } = selection;
    const said = rows.length < count ? "{title}: the first {shown} of {count}." : count ? "{title}: {count}." : "{title}: none.";
    const made = [part("p", say(said, { title, shown: rows.length, count: count.toLocaleString(root.lang) }))];
    if (rows.length) {
      const table = part("table", "");
      table.append(row("th", columns, "thead"), ...rows.map((cells) => row("td", cells)));
      const scroll = part("div", "", "scroll");
      scroll.tabIndex = 0;
      scroll.setAttribute("role", "group");
      scroll.setAttribute("aria-label", title);
      scroll.append(table);
      made.push(scroll);
    }
    const line = part("p", "");
    if (csv) {
      const link = part("a", say("All of them as CSV"));
      link.href = `${folder}/${csv}`;
      line.append(link, say(", beside this page; in JupyterLab:"));
    } else line.append(say("They lie beside that month's own review; in JupyterLab:"));
    made.push(line, part("pre", code));
    return made;
  }

  // The report's own words in the client's language, with their values.
  function say(word, values = {}) {
    return (words[word] || word).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  }

  function row(kind, cells, within) {
    const line = part("tr", "");
    line.append(...cells.map((text) => part(kind, text)));
    if (kind === "th") [...line.children].forEach((cell) => { cell.scope = "col"; });
    if (!within) return line;
    const whole = part(within, "");
    whole.append(line);
    return whole;
  }

  function part(tag, text, name) {
    const made = document.createElement(tag);
    made.textContent = text;
    if (name) made.className = name;
    return made;
  }

  function followContents() {
    const links = new Map([...document.querySelectorAll(".contents a")].map((link) => [link.hash.slice(1), link]));
    const headings = [...document.querySelectorAll("main h2[id]")];
    const mark = () => {
      const passed = headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight / 3);
      const current = passed.at(-1) || headings[0];
      links.forEach((link, id) => link.toggleAttribute("aria-current", id === current?.id));
    };
    const observer = new IntersectionObserver(mark, { rootMargin: "0px 0px -66% 0px" });
    headings.forEach((heading) => observer.observe(heading));
  }

  function read(id) {
    return JSON.parse(document.getElementById(id).textContent);
  }

  // No bar of buttons in the drawing: it is an image to assistive technology, which must not
  // hold any. Saving has its own button below.
  const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%:()*+-;.=,?@^_`{|}~";
  const VALUES = Uint8Array.from({ length: 128 }, (_, code) => Math.max(LETTERS.indexOf(String.fromCharCode(code)), 0));
  const CONFIG = { displayModeBar: false, displaylogo: false, showSendToCloud: false, plotlyServerURL: "", typesetMath: false };
  const PIXEL = "<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>";
})();
